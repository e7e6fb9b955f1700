namespace EdgeSensors.Trust.Client;

/// <summary>How a fetch ended.</summary>
public enum FetchStatus
{
    /// <summary>All bytes are there.</summary>
    Fetched,

    /// <summary>The repository has no such file.</summary>
    NotFound,

    /// <summary>It is longer than was asked for; no more was read.</summary>
    TooLarge,

    /// <summary>It came too slowly.</summary>
    TooSlow,

    /// <summary>The repository could not be reached, or broke off.</summary>
    Unreachable,
}

/// <summary>The outcome of one fetch.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Bytes">The file; empty unless it was fetched.</param>
/// <param name="Message">What happened, for a person; empty when it was fetched.</param>
public readonly record struct FetchOutcome(FetchStatus Status, ReadOnlyMemory<byte> Bytes, string Message);

/// <summary>Brings files of a repository. It is trusted with nothing: all it brings is verified.</summary>
public interface ITufTransport
{
    /// <summary>Fetches a metadata file.</summary>
    /// <param name="fileName">Its name, percent-encoded (RFC 3986) as one path segment: <c>1.root.json</c>.</param>
    /// <param name="maxBytes">Stop beyond this.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken);

    /// <summary>Fetches a target file.</summary>
    /// <param name="path">Its path below the targets' base, each segment percent-encoded (RFC 3986).</param>
    /// <param name="maxBytes">Stop beyond this.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken);
}
