namespace EdgeSensors.Trust.Client;

/// <summary>
/// Keeps the metadata that the client has verified, one file a role, the newest only. It is no more trusted than the disk: what it
/// returns is verified again. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public interface IMetadataStore
{
    /// <summary>The stored file of a role; null when there is none.</summary>
    byte[]? Read(string role, int maxBytes);

    /// <summary>Replaces the file of a role, durably and at once.</summary>
    void Write(string role, ReadOnlySpan<byte> file);

    /// <summary>Forgets a role, durably.</summary>
    void Delete(string role);
}
