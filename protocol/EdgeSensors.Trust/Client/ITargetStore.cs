namespace EdgeSensors.Trust.Client;

/// <summary>
/// Keeps fetched targets, so that what has not changed is not fetched again and is there when the repository is not. What it
/// returns is verified like any other bytes. Failures are <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
public interface ITargetStore
{
    /// <summary>The stored bytes of a target; null when there are none or more than <paramref name="maxBytes"/>.</summary>
    byte[]? Read(string targetName, long maxBytes);

    /// <summary>Replaces the bytes of a target.</summary>
    void Write(string targetName, ReadOnlySpan<byte> bytes);
}
