namespace EdgeSensors.Trust.Client;

/// <summary>A target whose bytes a verified role lists. Only the client makes one.</summary>
public sealed class VerifiedTarget
{
    internal VerifiedTarget(string name, string role, long roleVersion, ReadOnlyMemory<byte> bytes, string sha256)
    {
        Name = name;
        Role = role;
        RoleVersion = roleVersion;
        Bytes = bytes;
        Sha256 = sha256;
    }

    /// <summary>The target path.</summary>
    public string Name { get; }

    /// <summary>The role that lists it.</summary>
    public string Role { get; }

    /// <summary>The version of that role.</summary>
    public long RoleVersion { get; }

    /// <summary>The bytes.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 of the bytes, lower-case hex.</summary>
    public string Sha256 { get; }
}
