using System.Globalization;
using CsCheck;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Store;

/// <summary>What a measure would have hit, against the same figures counted from the reports one by one.</summary>
public sealed class ImpactTests : IDisposable
{
    private const long Since = 10_000_000;

    private static readonly string[] Others =
    [
        "203.0.113.7", "203.0.113.9", "203.0.112.1", "203.0.11.7", "20.3.0.1", "2001:db8::7", "2001:db8:0:0:1::7", "2001:db8:1::7", "2001:db8:10::7", "2001:db80::7",
    ];

    private static readonly string[] Targets =
    [
        "203.0.113.7", "203.0.113.8/29", "203.0.113.0/24", "203.0.112.0/23", "203.0.0.0/16", "0.0.0.0/0", "2001:db8::7", "2001:db8::/48", "2001:db8::/32", "2001:db8:1::/64", "::/0",
        "udp 203.0.113.7:53 > *", "tcp 203.0.113.0/24 > *:23", "tcp * > 203.0.113.7:443", "icmp 2001:db8::7 > *",
    ];

    private static readonly SensorName[] Fleet = [new(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1")), new(OperatorId.Parse("isp-b"), SensorId.Parse("gw-2"))];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hub-impact-");
    private int _stores;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void An_estimate_is_what_the_reports_add_up_to() =>
        Gen.Select(Flow.Array[0, 60], OneOf(Targets), OneOf(1u, 1u, 10u, 128u), Gen.Bool).Sample(
            (flows, target, oneIn, onlyFirst) =>
            {
                using var store = Open();
                store.Project(Reports(flows, oneIn), flows.Length);
                var sensors = onlyFirst ? SensorPattern.Of(Fleet[0].Operator) : SensorPattern.All;
                var question = ImpactQuestion.Of(SlpfTarget.Parse(target), SlpfDirection.Both, new(Since), [sensors]);

                var estimate = store.Estimate(question);

                var hit = flows.Where(f => f.ReceivedAt >= Since && (!onlyFirst || f.Sensor == 0) && Hits(question, f.Flow)).ToList();
                Assert.True(estimate.IsKnown);
                Assert.Equal(hit.Count, estimate.Flows);
                Assert.Equal(hit.Sum(f => (double)(f.Flow.Packets + f.Flow.ReversePackets)) * oneIn, estimate.Packets, 1e-6);
                Assert.Equal(hit.Sum(f => (double)(f.Flow.Octets + f.Flow.ReverseOctets)) * oneIn, estimate.Octets, 1e-6);
                Assert.Equal(hit.Where(f => f.Flow.Direction != TrafficDirection.Transit).Select(f => OwnEnd(question, f.Flow)).Distinct().Count(), estimate.OwnEnds);
                Assert.Equal(hit.Select(f => Fleet[f.Sensor].ToString()).Distinct().Order(), estimate.Sensors.Select(s => s.Sensor).Order());
                Assert.Equal(
                    hit.GroupBy(f => (f.Flow.ProtocolIdentifier, f.Flow.DestinationPort)).ToDictionary(g => ((int)g.Key.ProtocolIdentifier, (int)g.Key.DestinationPort), g => (long)g.Count()),
                    estimate.Services.ToDictionary(s => (s.Protocol, s.Port), s => s.Flows));
            },
            iter: 40, threads: 1);

    [Fact]
    public void Broad_figures_count_the_prefixes_inside_and_name_the_one_around()
    {
        using var store = Open();
        var report = Report(new Arrived(0, Since + 1, null!), 4) with
        {
            Flows = [],
            TopPrefixes =
            [
                new PrefixCount(Prefix.Parse("203.0.113.0/24"), 7, new Counters(10, 1_000, 3)), new PrefixCount(Prefix.Parse("203.0.112.0/24"), 5, new Counters(20, 2_000, 4)),
                new PrefixCount(Prefix.Parse("203.0.11.0/24"), 9, new Counters(400, 40_000, 8)),
            ],
        };
        store.Project([(Message(0, Since + 1, 1), report)], 1);

        var wide = store.Estimate(new(Prefix.Parse("203.0.112.0/23"), new(Since), [SensorPattern.All]));
        Assert.Equal((7, 120.0, 12_000.0, 7), (wide.Flows, wide.Packets, wide.Octets, wide.OwnEnds)); // one in four packets was looked at
        Assert.Null(wide.Neighbourhood);
        var single = store.Estimate(new(Prefix.Parse("203.0.113.7"), new(Since), [SensorPattern.All]));
        Assert.Equal((0, new NeighbourhoodImpact("203.0.113.0/24", 40, 4_000, 7)), (single.Flows, single.Neighbourhood));
    }

    [Fact]
    public void What_is_not_known_is_said()
    {
        using var store = Open();
        var question = new ImpactQuestion(Prefix.Parse("203.0.113.7"), new(Since), [SensorPattern.All]);
        Assert.Contains("anything, since no sensor in scope reported", store.Estimate(question).Unknown);

        var report = Report(new Arrived(0, Since + 3_600_000, null!), 1) with
        {
            Flows = [],
            Measurement = new MeasurementQuality { DroppedPackets = null, DomesticPackets = 5, FlowsOutOfScope = 2, PrefixesBelowK = 3, PreviousWindowLost = true },
        };
        store.Project([(Message(0, Since + 3_600_000, 1), report)], 1);
        var unknown = string.Join('\n', store.Estimate(question).Unknown);
        foreach (var gap in new[] { "flows that nothing picked", "1 sensors' dropped packets", "1 windows that were lost", "2 picked flows", "3 times a busy prefix", "5 domestic packets", "anything before 1970-01-01 03:46" })
        {
            Assert.Contains(gap, unknown, StringComparison.Ordinal);
        }

        Assert.Contains("which of them were with 192.0.2.0/24", store.Estimate(ImpactQuestion.Of(SlpfTarget.Parse("any 203.0.113.7 > 192.0.2.0/24"), SlpfDirection.Ingress, new(Since), [SensorPattern.All])).Unknown);
        Assert.Equal(["anything, since no sensor in scope reported"], store.Estimate(question with { Sensors = [SensorPattern.Parse("isp-b/*")] }).Unknown);
    }

    private sealed record Arrived(int Sensor, long ReceivedAt, PickedFlow Flow);

    private static Gen<T> OneOf<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static readonly Gen<Arrived> Flow =
        from sensor in Gen.Int[0, 1]
        from at in OneOf(Since - 1, Since, Since + 5)
        from other in OneOf(Others)
        from own in Gen.Byte[0, 4]
        from opened in Gen.Bool
        from direction in OneOf(TrafficDirection.Inbound, TrafficDirection.Outbound, TrafficDirection.Transit)
        from service in OneOf<(byte, ushort)>((6, 23), (6, 443), (17, 53), (58, 0))
        from packets in Gen.ULong[0, 9]
        let pseudonym = FlowEnd.Protected(Enumerable.Repeat(own, 16).ToArray())
        let end = FlowEnd.Clear(Prefix.Parse(other))
        select new Arrived(sensor, at, new PickedFlow
        {
            Reason = DetectorKind.AddressFanOut,
            Direction = direction,
            Source = opened ? end : pseudonym,
            Destination = opened ? pseudonym : end,
            ProtocolIdentifier = service.Item1,
            SourcePort = opened && service.Item2 == 53 ? (ushort)53 : (ushort)40_000,
            DestinationPort = service.Item2,
            Start = new(Since),
            End = new(Since + 1),
            Packets = packets,
            Octets = packets * 60,
            ReversePackets = packets / 2,
            ReverseOctets = packets * 20,
        });

    private static bool Hits(ImpactQuestion question, PickedFlow flow)
    {
        bool Inside(FlowEnd end) => end.Address is { } address && question.Target.Contains(address);
        var opened = Inside(flow.Source);
        var (here, there) = opened ? (flow.SourcePort, flow.DestinationPort) : (flow.DestinationPort, flow.SourcePort);
        return (opened || Inside(flow.Destination))
            && (question.Protocol is null || question.Protocol == flow.ProtocolIdentifier)
            && (question.TargetPort is null || question.TargetPort == here) && (question.PeerPort is null || question.PeerPort == there);
    }

    private static FlowEnd OwnEnd(ImpactQuestion question, PickedFlow flow) =>
        flow.Source.Address is { } address && question.Target.Contains(address) ? flow.Destination : flow.Source;

    private static List<(InboxMessage, ReportMessage)> Reports(Arrived[] flows, uint oneIn) =>
        [.. flows.Select((f, i) => (Message(f.Sensor, f.ReceivedAt, i + 1), Report(f, oneIn)))];

    private static InboxMessage Message(int sensor, long receivedAt, long row) => new(row, Fleet[sensor], Channel.Report, new(receivedAt), []);

    private static ReportMessage Report(Arrived arrived, uint oneIn) => new()
    {
        Id = new(1, 1),
        WindowStart = new(arrived.ReceivedAt - 1_000),
        WindowEnd = new(arrived.ReceivedAt),
        AuthorizationId = "test",
        Measurement = new MeasurementQuality { DroppedPackets = 0, SamplingPopulation = oneIn },
        Total = new Counters(10, 1_000, 2),
        Flows = arrived.Flow is null ? [] : [arrived.Flow],
    };

    private DuckDbFlowStore Open() => new(Path.Combine(_folder.FullName, string.Create(CultureInfo.InvariantCulture, $"{_stores++}.duckdb")), TimeSpan.FromMinutes(5));
}
