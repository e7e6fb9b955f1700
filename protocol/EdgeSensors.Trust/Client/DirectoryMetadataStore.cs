using EdgeSensors.Trust.Disk;

namespace EdgeSensors.Trust.Client;

/// <summary>A directory of unversioned files: <c>root.json</c>, <c>timestamp.json</c>, and delegated roles under their percent-encoded names.</summary>
/// <param name="directory">The directory; made when it is not there.</param>
public sealed class DirectoryMetadataStore(string directory) : IMetadataStore
{
    /// <inheritdoc/>
    public byte[]? Read(string role, int maxBytes)
    {
        var file = new FileInfo(PathOf(role));
        return file.Exists && file.Length <= maxBytes ? File.ReadAllBytes(file.FullName) : null;
    }

    /// <inheritdoc/>
    public void Write(string role, ReadOnlySpan<byte> file)
    {
        Directory.CreateDirectory(directory);
        AtomicFile.Write(PathOf(role), file);
        AtomicFile.SyncDirectory(directory);
    }

    /// <inheritdoc/>
    public void Delete(string role)
    {
        var path = PathOf(role);
        if (File.Exists(path))
        {
            File.Delete(path);
            AtomicFile.SyncDirectory(directory);
        }
    }

    private string PathOf(string role) => Path.Combine(directory, Uri.EscapeDataString(role) + ".json");
}
