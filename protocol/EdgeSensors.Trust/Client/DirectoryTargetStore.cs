using EdgeSensors.Trust.Disk;

namespace EdgeSensors.Trust.Client;

/// <summary>A flat directory of targets under their percent-encoded names, so that no name reaches out of it.</summary>
/// <param name="directory">The directory; made when it is not there.</param>
public sealed class DirectoryTargetStore(string directory) : ITargetStore
{
    /// <inheritdoc/>
    public byte[]? Read(string targetName, long maxBytes)
    {
        var file = new FileInfo(PathOf(targetName));
        return file.Exists && file.Length <= maxBytes ? File.ReadAllBytes(file.FullName) : null;
    }

    /// <inheritdoc/>
    public void Write(string targetName, ReadOnlySpan<byte> bytes)
    {
        Directory.CreateDirectory(directory);
        AtomicFile.Write(PathOf(targetName), bytes);
        AtomicFile.SyncDirectory(directory);
    }

    /// <summary>Where a target lies.</summary>
    public string PathOf(string targetName) => Path.Combine(directory, Uri.EscapeDataString(targetName));
}
