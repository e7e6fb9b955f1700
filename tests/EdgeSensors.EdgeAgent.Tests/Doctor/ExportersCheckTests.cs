using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Doctor;
using EdgeSensors.EdgeAgent.Run;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Metering.Decode;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Doctor;

/// <summary>The doctor's page of exporters, and the metrics: every figure, and how to mend what is wrong.</summary>
public sealed class ExportersCheckTests : IDisposable
{
    private readonly string _state = Directory.CreateTempSubdirectory("edgesensors-exporters-").FullName;
    private readonly FakeTimeProvider _clock = new(DateTimeOffset.FromUnixTimeSeconds(1_800_000_000));

    private static readonly ExporterReport s_well = new()
    {
        Exporter = new ExporterEndpoint(HostAddress.FromIPv4(0xC0000201), 50_000),
        Format = ExportFormat.Ipfix,
        ObservationDomainId = 7,
        Agent = HostAddress.FromIPv4(0xC0000201),
        MessageCount = 1000,
        FlowCount = 20_000,
        PacketCount = 100_000,
        OctetCount = 50_000_000,
        ScaledPacketCount = 102_400_000,
        ScaledOctetCount = 51_200_000_000,
        Sampling = SamplingRate.Stated(1024, SamplingSource.Sampler),
        UnknownSamplingFlowCount = 0,
        MissingCount = 0,
        GapCount = 0,
        LateCount = 0,
        DuplicateCount = 0,
        DiscontinuityCount = 0,
        RestartCount = 0,
        IsConflicting = false,
        TemplateCount = 3,
        HeldOctets = 0,
        DroppedSetCount = 0,
        SampleDropCount = 0,
        NotIpSampleCount = 0,
        ClockOffset = TimeSpan.FromMilliseconds(300),
        LeastClockOffset = TimeSpan.FromMilliseconds(200),
        LastReceivedNs = 1_799_999_990_000_000_000,
    };

    public void Dispose() => Directory.Delete(_state, recursive: true);

    [Fact]
    public async Task An_exporter_that_is_well_is_listed_with_its_scaled_figures_beside_the_unscaled()
    {
        Write(s_well);
        var finding = await FindAsync();
        Assert.Equal((Verdict.Ok, null), (finding.Verdict, finding.Remedy));
        Assert.Equal(
            "20,000 flows, 100,000 packets, 50,000,000 octets, sampling 1:1024, scaled 102,400,000 packets, 51,200,000,000 octets, missing 0 in 0 gaps, clock +0.2 s, 3 templates", finding.Detail);
    }

    public static TheoryData<string, string> Troubles => new()
    {
        { "unknown", "state the rate: input.sampling: [192.0.2.1=1000]" },
        { "missing", "lost on the way" },
        { "conflict", "two exporters share this address and domain" },
        { "template", "let the router send its templates every minute" },
        { "clock", "set the router's clock by NTP" },
        { "silent", "silent for 20 minutes" },
        { "drops", "the router cannot sample so densely" },
    };

    [Theory]
    [MemberData(nameof(Troubles))]
    public async Task Each_trouble_is_said_with_how_to_mend_it(string trouble, string remedy)
    {
        Write(trouble switch
        {
            "unknown" => s_well with { Sampling = SamplingRate.Unknown, UnknownSamplingFlowCount = 20_000 },
            "missing" => s_well with { MissingCount = 500, GapCount = 12 },
            "conflict" => s_well with { IsConflicting = true, DiscontinuityCount = 99 },
            "template" => s_well with { TemplateCount = 0, HeldOctets = 9000 },
            "clock" => s_well with { LeastClockOffset = TimeSpan.FromHours(-1) },
            "silent" => s_well with { LastReceivedNs = 1_799_998_800_000_000_000 },
            _ => s_well with { SampleDropCount = 4 },
        });
        var finding = await FindAsync();
        Assert.Equal(Verdict.Warn, finding.Verdict);
        Assert.StartsWith(remedy, finding.Remedy![finding.Remedy!.IndexOf(remedy, StringComparison.Ordinal)..], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_agent_that_listens_and_with_any_octets_in_its_register_there_is_one_finding_that_says_so()
    {
        Assert.Contains(await CheckAsync(), f => f.Detail == "no agent has listened yet");
        foreach (var content in new[] { "", "{", "[]", "{\"exporters\": [1, {\"exporter\": 5, \"flows\": \"x\"}], \"writtenAt\": 1e300}", "null" })
        {
            await File.WriteAllTextAsync(Path.Combine(_state, ExporterRegister.FileName), content, TestContext.Current.CancellationToken);
            Assert.NotEmpty(await CheckAsync());
        }
    }

    [Fact]
    public async Task Listening_to_everybody_is_warned_of_and_to_named_exporters_is_not()
    {
        Write(s_well);
        Assert.Contains(await CheckAsync(), f => f.Subject == "udp://0.0.0.0:4739" && f.Verdict == Verdict.Warn);
        Assert.Contains(await CheckAsync(exporters: [Protocol.Prefix.Parse("192.0.2.1/32")]), f => f.Subject == "udp://0.0.0.0:4739" && f.Verdict == Verdict.Ok);
    }

    [Fact]
    public void Every_figure_is_a_metric_with_exporter_format_and_domain()
    {
        Assert.True(ListenUrl.TryParse("udp://127.0.0.1:0", out var url, out _));
        Assert.True(ExportListener.TryOpen(new ListenOptions { Urls = [url], Workers = 1 }, TimeProvider.System, out var listener, out _));
        using (listener)
        using (new ExportMetrics(listener))
        using (var reader = new MeterListener())
        {
            var seen = new Dictionary<string, double>();
            reader.InstrumentPublished = (instrument, meter) =>
            {
                if (instrument.Meter.Name == ExportMetrics.Name)
                    meter.EnableMeasurementEvents(instrument);
            };
            reader.SetMeasurementEventCallback<double>((instrument, value, tags, _) =>
            {
                Assert.Equal(["exporter", "format", "domain"], tags.ToArray().Select(tag => tag.Key));
                seen[instrument.Name] = value;
            });
            reader.SetMeasurementEventCallback<long>((instrument, value, _, _) => seen[instrument.Name] = value);
            reader.SetMeasurementEventCallback<int>((instrument, value, _, _) => seen[instrument.Name] = value);
            reader.Start();
            using (var router = new UdpClient())
                router.Send(new byte[] { 0, 5, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, listener.Urls[0].EndPoint);
            Assert.True(SpinWait.SpinUntil(() => listener.Report().Exporters.Count == 1, TimeSpan.FromSeconds(20)));
            reader.RecordObservableInstruments();
            Assert.Equal(1, seen["edgesensors.exports.datagrams"]);
            Assert.Equal(1, seen["edgesensors.exports.messages"]);
            Assert.Equal(0, seen["edgesensors.exports.sampling_one_in"]);
            Assert.Equal(ExporterFigure.All.Count, seen.Keys.Count(name => ExporterFigure.All.Any(figure => name == "edgesensors.exports." + System.Text.RegularExpressions.Regex.Replace(figure.Name, "[A-Z]", m => "_" + m.Value.ToLowerInvariant()))));
        }
    }

    [Fact]
    public async Task Metrics_go_to_the_collector_that_the_configuration_names()
    {
        Assert.True(ListenUrl.TryParse("udp://127.0.0.1:0", out var url, out _));
        Assert.True(ExportListener.TryOpen(new ListenOptions { Urls = [url], Workers = 1 }, TimeProvider.System, out var listener, out _));
        using (listener)
        using (new ExportMetrics(listener))
        using (var collector = new TcpListener(IPAddress.Loopback, 0))
        {
            collector.Start();
            var telemetry = Telemetry.To(new Uri($"http://127.0.0.1:{((IPEndPoint)collector.LocalEndpoint).Port}"));
            var ending = Task.Run(telemetry.Dispose, TestContext.Current.CancellationToken);
            using (var connection = await collector.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
            {
                var preface = new byte[24];
                await connection.GetStream().ReadExactlyAsync(preface, TestContext.Current.CancellationToken);
                Assert.Equal("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.ToArray(), preface); // RFC 9113 §3.4: gRPC
            }

            await ending;
        }
    }

    private void Write(ExporterReport exporter) => new ExporterRegister(_state, _clock, NullLogger.Instance).Write(new ListenReport
    {
        Urls = [],
        Workers = 1,
        ReceiveBufferOctets = 1 << 20,
        KernelDroppedCount = 0,
        Totals = new CollectorTotals(),
        Exporters = [exporter],
        Interfaces = [],
        Streams = default,
        AbandonedFlowCount = 0,
        TemplateTrouble = null,
    });

    private async Task<Finding> FindAsync() => Assert.Single(await CheckAsync(), f => f.Subject == "192.0.2.1:50000 Ipfix domain 7");

    private Task<IReadOnlyList<Finding>> CheckAsync(IReadOnlyList<Protocol.Prefix>? exporters = null) => new ExportersCheck(
        new ListenSettings { Urls = [new ListenUrl(ListenTransport.Udp, new IPEndPoint(IPAddress.Any, 4739))], Exporters = exporters ?? [] }, _state, _clock)
        .RunAsync(TestContext.Current.CancellationToken);
}
