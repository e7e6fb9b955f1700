namespace EdgeSensors.FieldTest.Taps;

/// <summary>A file of the repository.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Octets">Its octets.</param>
internal sealed record RepositoryFile(RepositoryFileKind Kind, byte[] Octets)
{
    /// <summary>The kind of a metadata file by its name: <c>3.snapshot.json</c>, <c>timestamp.json</c>, <c>5.timestamp.tlog-proof</c>.</summary>
    public static RepositoryFileKind KindOf(string name)
    {
        if (name.EndsWith(".tlog-proof", StringComparison.Ordinal))
        {
            return RepositoryFileKind.Proof;
        }

        var parts = name.Split('.');
        return parts[^2] switch
        {
            "root" => RepositoryFileKind.Root,
            "timestamp" => RepositoryFileKind.Timestamp,
            "snapshot" => RepositoryFileKind.Snapshot,
            "targets" => RepositoryFileKind.Targets,
            _ => RepositoryFileKind.Role,
        };
    }
}

/// <summary>What a file of the repository is; scenario files name them in lower case.</summary>
internal enum RepositoryFileKind
{
    /// <summary>A root.</summary>
    Root,

    /// <summary>The timestamp.</summary>
    Timestamp,

    /// <summary>The proof that a timestamp or a root was logged and witnessed.</summary>
    Proof,

    /// <summary>The snapshot.</summary>
    Snapshot,

    /// <summary>The top-level targets.</summary>
    Targets,

    /// <summary>A delegated role.</summary>
    Role,

    /// <summary>A blocklist or a delta.</summary>
    List,

    /// <summary>A collection authorisation, or another signed document.</summary>
    Authorization,
}
