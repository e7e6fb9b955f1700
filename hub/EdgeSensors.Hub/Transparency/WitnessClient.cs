using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Hub.Transparency;

/// <summary>Asks one witness to cosign (C2SP tlog-witness, add-checkpoint). Nothing of its answer is believed before its signature verified.</summary>
internal sealed class WitnessClient(Uri url, HttpClient http)
{
    private const int MaxAnswerOctets = 64 * 1024;

    private long _size;

    public Uri Url => url;

    /// <summary>Signature lines, or why there are none.</summary>
    /// <param name="checkpoint">What is to be cosigned.</param>
    /// <param name="prove">Proves that the checkpoint continues a tree of a size.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<(string? Lines, string? Error)> CosignAsync(Checkpoint checkpoint, Func<long, IReadOnlyList<byte[]>> prove, CancellationToken cancellationToken)
    {
        // The size that it saw last is known after the first answer; another log of the same name, or a restart, makes one more turn.
        for (var attempt = 0; attempt < 3; attempt++)
        {
            var oldSize = Math.Min(_size, checkpoint.Size);
            var (status, body) = await SendAsync(new CheckpointSubmission(oldSize, prove(oldSize), checkpoint), cancellationToken);
            switch (status)
            {
                case HttpStatusCode.OK:
                    _size = checkpoint.Size;
                    return (body, null);
                case HttpStatusCode.Conflict when long.TryParse(body.TrimEnd('\n'), NumberStyles.None, CultureInfo.InvariantCulture, out var size):
                    if (size > checkpoint.Size)
                    {
                        return (null, $"{url}: the witness has seen {size} entries and this log has {checkpoint.Size}: the log was cut off; bring it back from where it is whole");
                    }

                    _size = size;
                    break;
                default:
                    return (null, $"{url}: {(int)status} {body.ReplaceLineEndings(" ").Trim()}");
            }
        }

        return (null, $"{url}: the witness's size changes while it is asked; is another hub using this log's key?");
    }

    private async Task<(HttpStatusCode Status, string Body)> SendAsync(CheckpointSubmission submission, CancellationToken cancellationToken)
    {
        using var content = new ByteArrayContent(submission.ToBytes());
        content.Headers.ContentType = new MediaTypeHeaderValue("text/plain");
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(url, "add-checkpoint")) { Content = content };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        await response.Content.LoadIntoBufferAsync(MaxAnswerOctets, cancellationToken);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(cancellationToken));
    }
}
