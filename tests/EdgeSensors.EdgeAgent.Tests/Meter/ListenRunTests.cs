using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.EdgeAgent.Tests.Report;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Tests;

namespace EdgeSensors.EdgeAgent.Tests.Meter;

/// <summary><c>meter --listen</c>, over real sockets.</summary>
public sealed class ListenRunTests
{
    [Theory]
    [InlineData("5", false)]
    [InlineData("9", false)]
    [InlineData("10", false)]
    [InlineData("10", true)]
    public async Task What_softflowd_exports_gives_the_totals_of_nfdump_on_the_same_datagrams(string version, bool biflows)
    {
        var softflowd = OtherProgram.FindOrSkip("softflowd", "softflowd");
        using var nfcapd = await NfdumpCollector.StartOrSkip(Stop);
        await using var run = await Listening.StartAsync();
        using var tee = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)tee.Client.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        var capture = SharedCapture.Path("flows-ipfixprobe/ipfixprobe/functional__inputs__mixed.pcap");
        using var exporter = OtherProgram.Start(softflowd, ["-r", capture, "-d", "-6", "-v", version, "-n", $"127.0.0.1:{port}", "-c", "none", .. biflows ? new[] { "-b" } : []]);
        await exporter.WaitForExitAsync(Stop);
        Assert.True(tee.Available > 0, "softflowd has exported");
        while (tee.Available > 0)
        {
            var datagram = (await tee.ReceiveAsync(Stop)).Buffer;
            await tee.SendAsync(datagram, new IPEndPoint(IPAddress.Loopback, nfcapd.Port), Stop);
            await tee.SendAsync(datagram, run.EndPoint, Stop);
        }

        var (flows, packets, octets, _) = await nfcapd.Summary(Stop);
        await run.Until(received => received.Flows >= flows);
        var summary = (await run.EndAsync()).Summary;
        Assert.Equal((flows, packets, octets), (summary.GetProperty("flows").GetInt64(), summary.GetProperty("packets").GetInt64(), summary.GetProperty("octets").GetInt64()));
        Assert.Equal((0, 0, 0), (summary.GetProperty("missingRecords").GetInt64(), summary.GetProperty("missingDatagrams").GetInt64(), summary.GetProperty("restarts").GetInt64()));
    }

    [Fact]
    public async Task An_unknown_sampling_rate_is_said_and_a_stated_one_scales()
    {
        foreach (var stated in new[] { false, true })
        {
            Assert.True(SamplingStatements.TryParse(stated ? ["127.0.0.0/8=512", "100"] : [], out var sampling));
            await using var run = await Listening.StartAsync(settings => settings with { Sampling = sampling! });
            await run.SendAsync(NetFlow5(packets: 7));
            await run.Until(received => received.Flows == 1);
            var (summary, notes) = await run.EndAsync();
            Assert.Equal(stated ? 7 * 512 : 0, summary.GetProperty("scaledPackets").GetDouble());
            Assert.Equal(7, summary.GetProperty("packets").GetInt64());
            Assert.Equal(stated ? 0 : 7, summary.GetProperty("unknownSamplingPackets").GetInt64());
            Assert.Equal(!stated, notes.Contains("note: the sampling rate of 1 of 1 flow records is unknown", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task An_exporter_that_is_not_named_is_not_heard()
    {
        await using var run = await Listening.StartAsync(settings => settings with { Exporters = [Protocol.Prefix.Parse("192.0.2.0/24")] });
        await run.SendAsync(NetFlow5(packets: 7));
        await run.Until(received => received.Datagrams == 1);
        var (summary, _) = await run.EndAsync();
        Assert.Equal((0, 1), (summary.GetProperty("flows").GetInt64(), summary.GetProperty("notAcceptedDatagrams").GetInt64()));
    }

    [Fact]
    public void A_record_is_one_line_named_by_IPFIX_and_what_was_not_given_is_left_out()
    {
        using var output = new MemoryStream();
        var errors = new StringWriter();
        using var finished = new ManualResetEventSlim();
        var port = FreePort.Udp();
        var run = new ListenRun(Settings(port), new ListenLimit(TimeSpan.FromSeconds(60), 1), FlowFormat.JsonLines, quiet: false, TimeProvider.System);
        var running = new Thread(() =>
        {
            run.Execute(output, errors, Stop);
            finished.Set();
        });
        running.Start();
        using var router = new UdpClient();
        while (!finished.Wait(50, Stop))
            router.Send(NetFlow5(packets: 7), new IPEndPoint(IPAddress.Loopback, port));
        using var record = JsonDocument.Parse(Encoding.UTF8.GetString(output.ToArray()).TrimEnd('\n'));
        Assert.Equal("192.0.2.1", record.RootElement.GetProperty("sourceIPv4Address").GetString());
        Assert.Equal(("127.0.0.1", 7, 443), (
            record.RootElement.GetProperty("exporterIPv4Address").GetString(), record.RootElement.GetProperty("packetDeltaCount").GetInt64(), record.RootElement.GetProperty("destinationTransportPort").GetInt32()));
        Assert.False(record.RootElement.TryGetProperty("samplingPopulation", out _));
        Assert.False(record.RootElement.TryGetProperty("vlanId", out _));
    }

    [Theory]
    [InlineData("meter --listen udp://127.0.0.1 f.pcap", "--listen takes the place of FILE")]
    [InlineData("meter --sampling 5 f.pcap", "--sampling goes with --listen")]
    [InlineData("meter --listen udp://router.example:4739", "--listen takes URLs")]
    [InlineData("meter --listen udp://127.0.0.1 --sampling 0", "--sampling takes rates")]
    [InlineData("meter --listen udp://127.0.0.1 --sampling 192.0.2.1/24=5", "--sampling takes rates")]
    [InlineData("meter --listen udp://127.0.0.1 --exporter router", "--exporter takes an address")]
    [InlineData("meter --listen udp://127.0.0.1 --for 0", "--for takes seconds")]
    [InlineData("meter --listen udp://127.0.0.1 --detail", "--detail goes with FILE")]
    [InlineData("meter --listen udp://127.0.0.1 --idle-timeout 5", "--idle-timeout goes with FILE")]
    [InlineData("metre f.pcap", "Unknown command 'metre'")]
    [InlineData("meter --listen udp://127.0.0.1 --count -3", "--count takes a number")]
    [InlineData("meter --listen udp://127.0.0.1 --workers 99", "--workers takes 1 to 8")]
    [InlineData("meter --listen udp://127.0.0.1 --format ipfix --to file:x", "--listen prints what it takes")]
    public void A_wrong_command_line_is_one_line_that_points_to_the_help(string line, string what)
    {
        var parsed = new System.CommandLine.RootCommand { MeterCommand.Create() }.Parse(line);
        Assert.NotEmpty(parsed.Errors);
        var said = Usage.Describe(parsed);
        Assert.Contains(what, said, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', said);
    }

    [Fact]
    public void A_port_that_is_taken_is_said_in_one_line()
    {
        using var taken = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var errors = new StringWriter();
        var run = new ListenRun(Settings(((IPEndPoint)taken.Client.LocalEndPoint!).Port), new ListenLimit(TimeSpan.FromSeconds(1), 1), FlowFormat.Table, quiet: true, TimeProvider.System);
        Assert.Equal(ExitCode.Failed, run.Execute(Stream.Null, errors, Stop));
        Assert.Matches(@"^error\[listen\]: udp://127\.0\.0\.1:\d+: another program listens there already; [^\n]+\n$", errors.ToString());
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ListenSettings Settings(int port) => new() { Urls = [new ListenUrl(ListenTransport.Udp, new IPEndPoint(IPAddress.Loopback, port))], Workers = 2 };

    /// <summary>One record of 192.0.2.1:40000 to 198.51.100.9:443, TCP; its header says nothing of sampling.</summary>
    private static byte[] NetFlow5(byte packets)
    {
        var datagram = new byte[72];
        (datagram[1], datagram[3], datagram[8]) = (5, 1, 0x60);
        IPAddress.Parse("192.0.2.1").TryWriteBytes(datagram.AsSpan(24), out _);
        IPAddress.Parse("198.51.100.9").TryWriteBytes(datagram.AsSpan(28), out _);
        (datagram[43], datagram[46]) = (packets, 4);
        (datagram[56], datagram[57], datagram[58], datagram[59]) = (0x9C, 0x40, 1, 0xBB);
        datagram[62] = 6;
        return datagram;
    }

    /// <summary>A run that listens quietly until it is told to end.</summary>
    private sealed class Listening : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly MemoryStream _output = new();
        private readonly StringWriter _errors = new();
        private readonly UdpClient _router = new(new IPEndPoint(IPAddress.Loopback, 0));
        private readonly ConcurrentQueue<(long Datagrams, long Flows)> _seen = new();
        private Task<int> _running = Task.FromResult(0);

        public IPEndPoint EndPoint { get; private set; } = new(IPAddress.Loopback, 0);

        public static async Task<Listening> StartAsync(Func<ListenSettings, ListenSettings>? change = null)
        {
            var made = new Listening { EndPoint = new IPEndPoint(IPAddress.Loopback, FreePort.Udp()) };
            var settings = Settings(made.EndPoint.Port);
            var run = new ListenRun(change?.Invoke(settings) ?? settings, new ListenLimit(Timeout.InfiniteTimeSpan, long.MaxValue), FlowFormat.JsonLines, quiet: true, TimeProvider.System)
            {
                Watch = report => made._seen.Enqueue((report.Totals.DatagramCount, report.Totals.FlowCount)),
            };
            made._running = Task.Run(() => run.Execute(made._output, made._errors, made._end.Token));
            await UdpPort.Bound(made.EndPoint.Port, Stop);
            return made;
        }

        public Task<int> SendAsync(byte[] datagram) => _router.SendAsync(datagram, EndPoint, Stop).AsTask();

        public async Task Until(Func<(long Datagrams, long Flows), bool> done)
        {
            for (var waits = 0; waits < 400 && !_seen.Any(done); waits++)
                await Task.Delay(50, Stop);
            Assert.Contains(_seen, seen => done(seen));
        }

        public async Task<(JsonElement Summary, string Notes)> EndAsync()
        {
            await _end.CancelAsync();
            Assert.Equal(ExitCode.Ok, await _running);
            return (JsonDocument.Parse(_output.ToArray()).RootElement, _errors.ToString());
        }

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await _running;
            _router.Dispose();
            _end.Dispose();
        }
    }
}
