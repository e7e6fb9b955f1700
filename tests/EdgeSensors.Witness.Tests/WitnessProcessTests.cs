using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Tests.Log;

namespace EdgeSensors.Witness.Tests;

/// <summary>The real program as a process: made, told of a log, asked, killed, asked again.</summary>
public sealed class WitnessProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly string _folder = Directory.CreateTempSubdirectory("edgesensors-witness-").FullName;
    private readonly SampleLog _log = new SampleLog().Fill(10);
    private readonly int _port = FreePort.Tcp();
    private readonly int _viewPort = FreePort.Tcp();
    private readonly HttpClient _http = new() { Timeout = Patience };
    private Process? _serving;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Home => Path.Combine(_folder, "witness");

    public void Dispose()
    {
        if (_serving is { HasExited: false })
        {
            _serving.Kill();
            _serving.WaitForExit();
        }

        _serving?.Dispose();
        _http.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task It_cosigns_what_it_was_told_to_and_after_a_kill_goes_on_from_what_it_cosigned()
    {
        var card = await MakeAsync();
        await ServeAsync();
        var answer = await AddAsync(0);
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        Assert.NotNull(_log.Head().WithCosignatures(answer.Body, [card.Key]).CosignedBy(card.Key));

        _serving!.Kill();
        await _serving.WaitForExitAsync(Token);
        await ServeAsync();
        Assert.Equal((HttpStatusCode.Conflict, "10\n"), await AddAsync(0));

        var newest = await _http.GetByteArrayAsync(new Uri($"http://127.0.0.1:{_port}/{Configuration.TrustedLog.FolderOf(SampleLog.Origin)}/checkpoint"), Token);
        Assert.True(Checkpoint.TryParse(newest, out var checkpoint, out _));
        Assert.NotNull(checkpoint.CosignedBy(card.Key));

        // What people see is on its own address, and what logs ask on theirs.
        Assert.Contains(SampleLog.Origin, await _http.GetStringAsync(new Uri($"http://127.0.0.1:{_viewPort}/"), Token), StringComparison.Ordinal);
        using var elsewhere = await _http.GetAsync(new Uri($"http://127.0.0.1:{_port}/api/v1/logs"), Token);
        Assert.Equal(HttpStatusCode.NotFound, elsewhere.StatusCode);
    }

    [Fact]
    public async Task A_body_beyond_the_bound_is_cut_off()
    {
        await MakeAsync();
        await ServeAsync();
        using var answer = await _http.PostAsync(new Uri($"http://127.0.0.1:{_port}/add-checkpoint"), new ByteArrayContent(new byte[CheckpointSubmission.MaxOctets + 1]), Token);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Fact]
    public async Task Without_its_passphrase_an_encrypted_key_does_not_serve()
    {
        var passphrase = Path.Combine(_folder, "passphrase");
        await File.WriteAllTextAsync(passphrase, "a passphrase for tests\n", Token);
        await MakeAsync("--passphrase-file", passphrase);

        var (code, error) = await RunAsync("serve", "--config", Path.Combine(Home, "witness.yaml"));
        Assert.Equal(1, code);
        Assert.StartsWith("error[key]: ", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Trim());
    }

    // A request that never ends is waited for, for some seconds.
    [Theory]
    [InlineData(0, Signal.Interrupt, null)]
    [InlineData(0, Signal.Terminate, null)]
    [InlineData(0, Signal.Terminate, Signal.Terminate)]
    [InlineData(130, Signal.Interrupt, Signal.Interrupt)]
    [InlineData(130, Signal.Terminate, Signal.Interrupt)]
    public async Task A_signal_ends_it_in_order_and_an_interrupt_while_it_ends_at_once(int code, int first, int? then)
    {
        await MakeAsync();
        await ServeAsync();
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _port, Token);
        await client.GetStream().WriteAsync("POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: 100\r\n\r\nold"u8.ToArray(), Token);
        Assert.Contains("<html", await _http.GetStringAsync(new Uri($"http://127.0.0.1:{_viewPort}/"), Token), StringComparison.Ordinal); // later than the request's begin

        await _serving!.EndAsync(first, then, Token);
        Assert.Equal((code, ""), (_serving!.ExitCode, await _serving.StandardError.ReadToEndAsync(Token)));
    }

    [Fact]
    public async Task A_folder_that_is_not_what_the_hub_gave_leaves_the_witness_as_it_was()
    {
        await MakeAsync();
        var logs = Path.Combine(Home, "logs");
        Directory.Delete(logs, recursive: true);

        // A hub's own folder has the card, and not what an overseer reads with.
        var hub = Directory.CreateDirectory(Path.Combine(_folder, "hub")).FullName;
        File.Copy(Path.Combine(_folder, "log.pub"), Path.Combine(hub, "log.pub"));
        var (code, error) = await RunAsync("trust", hub, "--dir", Home);
        Assert.Equal(1, code);
        Assert.StartsWith("error[card]: ", error, StringComparison.Ordinal);
        Assert.Contains("overseer.crt is not there", error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(logs));

        // One that was cut off before the card was written is as if it had not been, and is made good by the next.
        Directory.CreateDirectory(Path.Combine(logs, Configuration.TrustedLog.FolderOf(SampleLog.Origin)));
        await ServeAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await AddAsync(0)).Status);
        _serving!.Kill();
        await _serving.WaitForExitAsync(Token);
        (code, error) = await RunAsync("trust", Path.Combine(_folder, "log.pub"), "--dir", Home);
        Assert.True(code == 0, error);
        await ServeAsync();
        Assert.Equal(HttpStatusCode.OK, (await AddAsync(0)).Status);
    }

    [Theory]
    [InlineData(2, "say with --url where hubs reach it", "init", "{new}", "--name", "w", "--listen", "0.0.0.0")]
    [InlineData(2, "fewer than 12 characters", "init", "{new}", "--name", "w", "--passphrase-file", "{short}")]
    [InlineData(2, "is a folder; give the file in it", "serve", "--config", "{home}")]
    [InlineData(1, "There is no log hub.example/lag here", "resume", "hub.example/lag", "--dir", "{home}")]
    public async Task What_is_wrong_is_said_in_one_line_that_says_what_to_do(int expected, string part, params string[] arguments)
    {
        await MakeAsync();
        var shortOne = Path.Combine(_folder, "short");
        await File.WriteAllTextAsync(shortOne, "short\n", Token);
        var (code, error) = await RunAsync([.. arguments.Select(a => a.Replace("{short}", shortOne, StringComparison.Ordinal).Replace("{home}", Home, StringComparison.Ordinal).Replace("{new}", Path.Combine(_folder, "new"), StringComparison.Ordinal))]);
        Assert.Equal(expected, code);
        Assert.Contains(part, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Trim());
        Assert.False(Directory.Exists(Path.Combine(_folder, "new")));
    }

    private async Task<LogCard> MakeAsync(params string[] more)
    {
        var (code, error) = await RunAsync(["init", Home, "--name", "oversight.example/w1", "--port", $"{_port}", "--view-port", $"{_viewPort}", .. more]);
        Assert.True(code == 0, error);
        var log = Path.Combine(_folder, "log.pub");
        await File.WriteAllTextAsync(log, new LogCard(_log.Signer.Key, new Uri("https://hub.example/log/")) + "\n", Token);
        (code, error) = await RunAsync("trust", log, "--dir", Home);
        Assert.True(code == 0, error);
        Assert.True(LogCard.TryParse(await File.ReadAllTextAsync(Path.Combine(Home, "witness.pub"), Token), out var card));
        return card;
    }

    private async Task ServeAsync()
    {
        _serving?.Dispose();
        _serving = Start("serve", "--config", Path.Combine(Home, "witness.yaml"));
        var line = await _serving.StandardOutput.ReadLineAsync(Token);
        Assert.Equal($"ready oversight.example/w1 http://127.0.0.1:{_port} view http://127.0.0.1:{_viewPort}", line);
    }

    private async Task<(HttpStatusCode Status, string Body)> AddAsync(long old)
    {
        var submission = new CheckpointSubmission(old, _log.Prover.Consistency(old, _log.Size), _log.Head());
        using var answer = await _http.PostAsync(new Uri($"http://127.0.0.1:{_port}/add-checkpoint"), new ByteArrayContent(submission.ToBytes()), Token);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    private static async Task<(int Code, string Error)> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        using var patience = new CancellationTokenSource(Patience);
        var error = process.StandardError.ReadToEndAsync(patience.Token);
        await process.StandardOutput.ReadToEndAsync(patience.Token);
        await process.WaitForExitAsync(patience.Token);
        return (process.ExitCode, await error);
    }

    private static Process Start(params string[] arguments)
    {
        var start = Signal.Hearing(Path.Combine(AppContext.BaseDirectory, "edgesensors-witness"), arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        return Process.Start(start)!;
    }
}
