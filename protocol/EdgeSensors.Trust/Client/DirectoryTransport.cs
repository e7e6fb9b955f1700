namespace EdgeSensors.Trust.Client;

/// <summary>Reads a repository from directories: a mounted medium, or a test.</summary>
/// <param name="metadataDirectory">Holds the metadata files under their percent-encoded names.</param>
/// <param name="targetsDirectory">Holds the targets.</param>
public sealed class DirectoryTransport(string metadataDirectory, string targetsDirectory) : ITufTransport
{
    /// <inheritdoc/>
    public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) =>
        ReadAsync(Path.Combine(metadataDirectory, fileName), maxBytes, cancellationToken);

    /// <inheritdoc/>
    public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(path);
        return ReadAsync(Path.Combine([targetsDirectory, .. path.Split('/').Select(Uri.UnescapeDataString)]), maxBytes, cancellationToken);
    }

    private static async Task<FetchOutcome> ReadAsync(string path, long maxBytes, CancellationToken cancellationToken)
    {
        try
        {
            await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return await BoundedReader.ReadAsync(file, maxBytes, cancellationToken);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return new FetchOutcome(FetchStatus.NotFound, default, "there is no such file");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return new FetchOutcome(FetchStatus.Unreachable, default, exception.Message);
        }
    }
}
