using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>The real way from packet to outbox, in a directory of its own.</summary>
internal sealed class Station : IDisposable
{
    public static readonly SensorName Sensor = new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));
    public static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    private readonly string _directory = Directory.CreateTempSubdirectory("edgesensors-report-").FullName;

    public Station()
    {
        Holder = new AuthorityHolder(Sensor, Clock);
        using var outbox = Open();
        outbox.Commit([], new Checkpoint { Seed = 42 }.Encode());
    }

    public FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(1_800_000_000_000));

    public AuthorityHolder Holder { get; }

    public string OutboxFile => Path.Combine(_directory, "outbox.sqlite");

    public static CollectionAuthorization Document(params string[] own)
    {
        using var sealing = SealingKey.Create();
        return new CollectionAuthorization
        {
            Id = DocumentId.Parse("auth-1"),
            Operator = Sensor.Operator,
            Sensor = Sensor.Sensor,
            Basis = CollectionBasis.Consent,
            Network = NetworkKind.Owner,
            Level = CollectionLevel.Concern,
            Directions = FlowDirections.Inbound | FlowDirections.Outbound | FlowDirections.Transit | FlowDirections.Internal,
            OwnPrefixes = [.. own.Select(Prefix.Parse)],
            K = 2,
            PseudonymKey = PseudonymKeyWrap.Seal(Key, sealing.PublicKey, Sensor.Operator, Sensor.Sensor, DocumentId.Parse("auth-1")),
            NotBefore = new UnixMilliseconds(1_799_000_000_000),
            NotAfter = new UnixMilliseconds(1_801_000_000_000),
        };
    }

    public static TrustedState Trust(CollectionAuthorization? document, DomesticPrefixTable? domestic = null) => new()
    {
        TimestampVersion = 1,
        Expires = DateTimeOffset.MaxValue,
        Authorization = document,
        PseudonymKey = document is null ? null : Key,
        Domestic = domestic,
    };

    public DurableOutbox Open()
    {
        Assert.True(DurableOutbox.TryOpen(_directory, 64 << 20, out var outbox, out var error), error);
        return outbox;
    }

    /// <summary>Reads a capture from wherever the outbox says; stops, as a kill would, after some packets.</summary>
    /// <returns>Whether the file was read to its end.</returns>
    public bool Run(string path, long packets = long.MaxValue, int windowMs = 1000, CancellationToken stop = default)
    {
        using var outbox = Open();
        var window = TimeSpan.FromMilliseconds(windowMs);
        var checkpoint = Checkpoint.Read(outbox.ReadCheckpoint()).For(FileIdentity.Of(path, window));
        outbox.Commit([], checkpoint.Encode());
        var reporter = new TrafficReporter(
            new ReporterOptions(window, 1 << 16, new DetectorOptions(), Live: false), checkpoint, Holder, outbox, TimeProvider.System, NullLogger.Instance) { Stopping = stop };
        Assert.True(CaptureFile.TryOpen(path, out var capture, out var error), error?.Message);
        using (capture)
        {
            CapturedPacket packet = default;
            while (packets-- > 0)
            {
                if (capture.Read(ref packet) != PacketRead.Packet)
                {
                    reporter.Finish();
                    return true;
                }

                reporter.Add(ref packet);
            }
        }

        return false;
    }

    public (List<ReportMessage> Reports, List<AlertMessage> Alerts) Waiting()
    {
        using var outbox = Open();
        var reports = new List<ReportMessage>();
        var alerts = new List<AlertMessage>();
        foreach (var message in outbox.Read(0, int.MaxValue))
        {
            if (message.Channel == Channel.Report)
            {
                Assert.True(ReportCodec.TryDecode(message.Payload, out var report, out var error), error.ToString());
                reports.Add(report!);
            }
            else if (message.Channel == Channel.Alert)
            {
                Assert.True(AlertCodec.TryDecode(message.Payload, out var alert, out var error), error.ToString());
                alerts.Add(alert!);
            }
        }

        return (reports, alerts);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
