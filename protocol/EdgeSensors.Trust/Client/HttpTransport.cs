using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.Trust.Client;

/// <summary>Fetches a repository by HTTP or HTTPS. Bodies are streamed and cut at their bound; redirects are the handler's affair.</summary>
public sealed class HttpTransport : ITufTransport, IDisposable
{
    private readonly HttpClient _client;
    private readonly Uri _metadata;
    private readonly Uri? _targets;
    private readonly HttpPatience _patience;
    private readonly TimeProvider _time;

    /// <summary>Makes a transport.</summary>
    /// <param name="handler">Connects, with the client certificate and the trusted CA where there are any; not disposed with this.</param>
    /// <param name="metadataBase">Where the metadata files lie.</param>
    /// <param name="targetsBase">Where the targets lie; null when only metadata is wanted.</param>
    /// <param name="patience">How long a fetch may take.</param>
    /// <param name="time">The clock of that patience.</param>
    public HttpTransport(HttpMessageHandler handler, Uri metadataBase, Uri? targetsBase, HttpPatience patience, TimeProvider time)
    {
        _client = new HttpClient(handler, disposeHandler: false) { Timeout = Timeout.InfiniteTimeSpan };
        _metadata = AsFolder(metadataBase);
        _targets = targetsBase is null ? null : AsFolder(targetsBase);
        _patience = patience;
        _time = time;
    }

    /// <inheritdoc/>
    public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) =>
        FetchAsync(_metadata, fileName, maxBytes, cancellationToken);

    /// <inheritdoc/>
    public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken) => _targets is null
        ? Task.FromResult(new FetchOutcome(FetchStatus.Unreachable, default, "no base URL for targets was given"))
        : FetchAsync(_targets, path, maxBytes, cancellationToken);

    /// <summary>Closes its client, not the handler.</summary>
    public void Dispose() => _client.Dispose();

    private async Task<FetchOutcome> FetchAsync(Uri folder, string path, long maxBytes, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(_patience.For(maxBytes), _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            using var response = await _client.GetAsync(
                new Uri(folder.AbsoluteUri + path), HttpCompletionOption.ResponseHeadersRead, both.Token);
            if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
            {
                // Object stores answer 403 for a file that is not there when listing is forbidden.
                return new FetchOutcome(FetchStatus.NotFound, default, $"the repository answers {(int)response.StatusCode}");
            }

            if (!response.IsSuccessStatusCode)
            {
                return new FetchOutcome(FetchStatus.Unreachable, default, $"the repository answers {(int)response.StatusCode}");
            }

            await using var body = await response.Content.ReadAsStreamAsync(both.Token);
            return await BoundedReader.ReadAsync(body, maxBytes, both.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new FetchOutcome(FetchStatus.TooSlow, default, $"it did not come within {_patience.For(maxBytes).TotalSeconds:0} s");
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or UriFormatException or SocketException)
        {
            // The last one comes unwrapped out of SocketsHttpHandler where a connection was reset before it asked for its other end.
            return new FetchOutcome(FetchStatus.Unreachable, default, exception.InnerException?.Message ?? exception.Message);
        }
    }

    private static Uri AsFolder(Uri uri)
    {
        ArgumentNullException.ThrowIfNull(uri);
        return uri.AbsoluteUri.EndsWith('/') ? uri : new Uri(uri.AbsoluteUri + "/");
    }
}
