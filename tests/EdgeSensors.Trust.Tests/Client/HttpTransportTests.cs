using System.Net;
using System.Net.Sockets;
using System.Text;
using EdgeSensors.Trust.Client;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>The HTTP transport against a real connection whose other end behaves as badly as it likes.</summary>
public sealed class HttpTransportTests : IDisposable
{
    private readonly SocketsHttpHandler _handler = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public HttpTransportTests() => _listener.Start();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _handler.Dispose();
    }

    [Fact]
    public async Task A_file_comes_whole_and_its_name_goes_out_encoded()
    {
        var server = Answer("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");

        var outcome = await Transport().FetchMetadataAsync("1.%2Fr%C3%B6le.json", 3, Token);

        Assert.Equal((FetchStatus.Fetched, "abc"), (outcome.Status, Encoding.ASCII.GetString(outcome.Bytes.Span)));
        Assert.StartsWith("GET /tuf/metadata/1.%2Fr%C3%B6le.json ", await server, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(404, FetchStatus.NotFound)]
    [InlineData(403, FetchStatus.NotFound)]
    [InlineData(500, FetchStatus.Unreachable)]
    [InlineData(204, FetchStatus.Fetched)]
    public async Task A_status_is_told_apart(int code, FetchStatus expected)
    {
        _ = Answer($"HTTP/1.1 {code} X\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal(expected, (await Transport().FetchMetadataAsync("a", 3, Token)).Status);
    }

    [Fact]
    public async Task A_file_one_octet_too_long_is_refused()
    {
        _ = Answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd");

        Assert.Equal(FetchStatus.TooLarge, (await Transport().FetchMetadataAsync("a", 3, Token)).Status);
    }

    [Fact]
    public async Task Endless_data_is_cut_off()
    {
        _ = Serve(async stream =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), Token);
            var block = new byte[64 * 1024];
            while (true)
            {
                await stream.WriteAsync(block, Token);
            }
        });

        Assert.Equal(FetchStatus.TooLarge, (await Transport().FetchMetadataAsync("a", 1_000_000, Token)).Status);
    }

    [Fact]
    public async Task Slow_retrieval_ends_however_steadily_it_trickles()
    {
        _ = Serve(async stream =>
        {
            await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), Token);
            while (true)
            {
                await stream.WriteAsync("."u8.ToArray(), Token);
                await Task.Delay(5, Token);
            }
        });
        using var transport = new HttpTransport(
            _handler, Base("metadata"), null, new HttpPatience(TimeSpan.FromMilliseconds(200), 1_000_000), TimeProvider.System);

        Assert.Equal(FetchStatus.TooSlow, (await transport.FetchMetadataAsync("a", 1000, Token)).Status);
    }

    [Fact]
    public async Task A_server_that_never_answers_is_given_up()
    {
        _ = Serve(_ => Task.Delay(Timeout.Infinite, Token));
        using var transport = new HttpTransport(
            _handler, Base("metadata"), null, new HttpPatience(TimeSpan.FromMilliseconds(100), 1_000_000), TimeProvider.System);

        Assert.Equal(FetchStatus.TooSlow, (await transport.FetchMetadataAsync("a", 1000, Token)).Status);
    }

    [Fact]
    public async Task A_connection_that_breaks_off_in_the_middle_is_no_file()
    {
        _ = Answer("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");

        Assert.Equal(FetchStatus.Unreachable, (await Transport().FetchMetadataAsync("a", 10, Token)).Status);
    }

    [Fact]
    public async Task A_connection_that_is_reset_as_soon_as_it_is_there_is_no_file()
    {
        _handler.ConnectCallback = async (context, stop) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, stop);
            using (var accepted = await _listener.AcceptSocketAsync(stop))
                accepted.LingerState = new LingerOption(true, 0);
            socket.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead); // until the reset is here
            return new NetworkStream(socket, ownsSocket: true);
        };

        Assert.Equal(FetchStatus.Unreachable, (await Transport().FetchMetadataAsync("a", 10, Token)).Status);
    }

    [Fact]
    public async Task A_repository_that_is_not_there_is_unreachable()
    {
        var address = Base("metadata");
        _listener.Stop();
        using var transport = new HttpTransport(_handler, address, null, HttpPatience.Default, TimeProvider.System);

        Assert.Equal(FetchStatus.Unreachable, (await transport.FetchMetadataAsync("a", 10, Token)).Status);
    }

    [Fact]
    public async Task A_caller_that_gives_up_is_told_so_by_cancellation()
    {
        _ = Serve(_ => Task.Delay(Timeout.Infinite, Token));
        using var source = new CancellationTokenSource(50);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Transport().FetchMetadataAsync("a", 10, source.Token));
    }

    private HttpTransport Transport() => new(_handler, Base("metadata"), Base("targets"), HttpPatience.Default, TimeProvider.System);

    private Uri Base(string what) => new($"http://{_listener.LocalEndpoint}/tuf/{what}");

    private async Task<string> Answer(string response)
    {
        var request = "";
        await Serve(async stream => await stream.WriteAsync(Encoding.ASCII.GetBytes(response), Token), text => request = text);
        return request;
    }

    private async Task Serve(Func<NetworkStream, Task> answer, Action<string>? seen = null)
    {
        try
        {
            using var client = await _listener.AcceptTcpClientAsync(Token);
            await using var stream = client.GetStream();
            var buffer = new byte[4096];
            var read = await stream.ReadAsync(buffer, Token);
            seen?.Invoke(Encoding.ASCII.GetString(buffer, 0, read));
            await answer(stream);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // The client hung up, which is what most of these tests are about.
        }
    }
}
