using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Sketches;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>What one window adds up to, in fixed memory. Holds no address: of addresses only sketches, and prefixes that may be shown once enough own addresses met them.</summary>
internal sealed class WindowCounts
{
    private const int Precision = 10;

    /// <summary>Services are kept exactly for TCP (0) and UDP (1), by port.</summary>
    private readonly Tally[][] _services = [new Tally[65_536], new Tally[65_536]];
    private readonly Tally[] _directions = new Tally[4];
    private readonly Tally[] _protocols = new Tally[256];
    private readonly ulong[] _sizes = new ulong[8];
    private readonly ulong[] _flags = new ulong[8];
    private readonly HyperLogLog _ownAddresses = new(Precision);
    private readonly HyperLogLog _otherAddresses = new(Precision);
    private readonly HyperLogLog _otherPorts = new(Precision);
    private readonly HyperLogLog _pairs = new(Precision);
    private readonly HashedEntropy _sourceAddresses = new();
    private readonly HashedEntropy _destinationAddresses = new();
    private readonly HashedEntropy _sourcePorts = new();
    private readonly HashedEntropy _destinationPorts = new();
    private readonly TopPrefixes _prefixes = new();
    private Tally _total;

    /// <summary>Packets counted in the total only, because both ends are domestic.</summary>
    public ulong DomesticPackets { get; private set; }

    /// <summary>Packets in all.</summary>
    public ulong Packets => _total.Packets;

    /// <summary>Counts one packet.</summary>
    /// <param name="header">The packet.</param>
    /// <param name="flow">The class of its flow.</param>
    /// <param name="forward">Whether the flow's opener sent it.</param>
    /// <param name="opens">Whether it begins its flow.</param>
    /// <param name="sketchKey">Keys what counts own addresses.</param>
    public void Add(in PacketHeader header, FlowClass flow, bool forward, bool opens, ulong sketchKey) =>
        Add(in header, 1, header.IpLength, flow, forward, opens, sketchKey);

    /// <summary>Counts packets that an exporter tells of together: sizes by their mean, and TCP flags once, as of which packets they were is not told.</summary>
    /// <param name="header">What they have in common.</param>
    /// <param name="packets">How many.</param>
    /// <param name="octets">Their lengths together.</param>
    /// <param name="flow">The class of their flow.</param>
    /// <param name="forward">Whether the flow's opener sent them.</param>
    /// <param name="opens">Whether they begin their flow.</param>
    /// <param name="sketchKey">Keys what counts own addresses.</param>
    public void Add(in PacketHeader header, long packets, long octets, FlowClass flow, bool forward, bool opens, ulong sketchKey)
    {
        _total.Add(packets, octets, opens);
        DomesticPackets += flow.Domestic ? (ulong)packets : 0;
        if (flow.Scope != Scope.Selectable)
        {
            return;
        }

        _directions[(int)flow.Direction].Add(packets, octets, opens);
        _protocols[(int)header.Protocol].Add(packets, octets, opens);
        if (header.HasPorts && header.Protocol is IpProtocol.Tcp or IpProtocol.Udp)
        {
            _services[header.Protocol == IpProtocol.Tcp ? 0 : 1][forward ? header.DestinationPort : header.SourcePort].Add(packets, octets, opens);
            _sourcePorts.Add(SketchHash.Of(0, header.SourcePort), packets);
            _destinationPorts.Add(SketchHash.Of(0, header.DestinationPort), packets);
        }

        _sizes[SizeClass(header.IpLength)] += (ulong)packets;
        for (var bits = header.Protocol == IpProtocol.Tcp ? (int)header.TcpFlags : 0; bits != 0; bits &= bits - 1)
        {
            _flags[System.Numerics.BitOperations.TrailingZeroCount(bits)]++;
        }

        Sketch(in header, packets, octets, flow.Direction, forward, opens, sketchKey);
    }

    /// <summary>Writes what was counted into a report.</summary>
    /// <param name="report">Without figures.</param>
    /// <param name="k">Own addresses that a prefix must have met.</param>
    public ReportMessage WriteTo(ReportMessage report, int k)
    {
        var top = _prefixes.Take(k, ReportMessage.MaxTopPrefixes, out var belowK);
        return report with
        {
            Total = _total.ToCounters(),
            Directions = [.. Enum.GetValues<TrafficDirection>().Where(d => _directions[(int)d].Packets > 0).Select(d => new DirectionCount(d, _directions[(int)d].ToCounters()))],
            Protocols = [.. Enumerable.Range(0, 256).Where(p => _protocols[p].Packets > 0).Select(p => new ProtocolCount((byte)p, _protocols[p].ToCounters()))],
            Services = TopServices(),
            Cardinalities =
            [
                Sketch("own-addresses", _ownAddresses, keyed: true), Sketch("other-addresses", _otherAddresses, keyed: false),
                Sketch("other-ports", _otherPorts, keyed: false), Sketch("pairs", _pairs, keyed: true),
            ],
            Entropies = [Entropy(7, _sourcePorts), Entropy(8, _sourceAddresses), Entropy(11, _destinationPorts), Entropy(12, _destinationAddresses)],
            PacketSizes = [.. _sizes],
            TcpFlags = [.. _flags],
            TopPrefixes = top,
            Measurement = report.Measurement with { DomesticPackets = DomesticPackets, PrefixesBelowK = belowK },
        };
    }

    /// <summary>Begins the next window.</summary>
    public void Clear()
    {
        (_total, DomesticPackets) = (default, 0);
        foreach (var tallies in (ReadOnlySpan<Tally[]>)[_services[0], _services[1], _directions, _protocols])
        {
            Array.Clear(tallies);
        }

        Array.Clear(_sizes);
        Array.Clear(_flags);
        foreach (var sketch in (ReadOnlySpan<HyperLogLog>)[_ownAddresses, _otherAddresses, _otherPorts, _pairs])
        {
            sketch.Clear();
        }

        foreach (var entropy in (ReadOnlySpan<HashedEntropy>)[_sourceAddresses, _destinationAddresses, _sourcePorts, _destinationPorts])
        {
            entropy.Clear();
        }

        _prefixes.Clear();
    }

    private void Sketch(in PacketHeader header, long packets, long octets, TrafficDirection direction, bool forward, bool opens, ulong sketchKey)
    {
        var source = SketchHash.Of(sketchKey, header.Source);
        var destination = SketchHash.Of(sketchKey, header.Destination);
        _sourceAddresses.Add(source, packets);
        _destinationAddresses.Add(destination, packets);
        _pairs.Add(SketchHash.Of(source ^ destination, sketchKey));

        // The own end is the opener's of what goes out and the other's of what comes in; inside both are, in transit neither.
        var ownIsSource = direction switch { TrafficDirection.Outbound => forward, TrafficDirection.Inbound => !forward, _ => true };
        if (direction is TrafficDirection.Internal or TrafficDirection.Transit)
        {
            var sketch = direction == TrafficDirection.Internal ? _ownAddresses : null;
            sketch?.Add(source);
            sketch?.Add(destination);
            return;
        }

        var other = ownIsSource ? header.Destination : header.Source;
        _ownAddresses.Add(ownIsSource ? source : destination);
        _otherAddresses.Add(SketchHash.Of(0, other));
        if (header.HasPorts)
        {
            _otherPorts.Add(SketchHash.Of(0, ownIsSource ? header.DestinationPort : header.SourcePort));
        }

        _prefixes.Add(other, ownIsSource ? source : destination, packets, octets, opens);
    }

    private List<ServiceCount> TopServices()
    {
        var used = new List<ServiceCount>();
        for (var index = 0; index < 2; index++)
        {
            var protocol = (byte)(index == 0 ? IpProtocol.Tcp : IpProtocol.Udp);
            for (var port = 0; port < 65_536; port++)
            {
                if (_services[index][port].Packets > 0)
                {
                    used.Add(new ServiceCount(protocol, (ushort)port, _services[index][port].ToCounters()));
                }
            }
        }

        return [.. used.OrderByDescending(service => service.Count.Packets).Take(ReportMessage.MaxServices)];
    }

    private static CardinalitySketch Sketch(string name, HyperLogLog sketch, bool keyed) => new()
    {
        Name = name,
        Hash = keyed ? SketchHash.Name + "-keyed" : SketchHash.Name,
        Seed = 0,
        Precision = Precision,
        Registers = sketch.Registers.ToArray(),
    };

    private static FieldEntropy Entropy(ushort element, HashedEntropy entropy) => new(element, (uint)Math.Round(entropy.Bits() * 1000));

    private static int SizeClass(int octets) => octets switch { <= 63 => 0, <= 127 => 1, <= 255 => 2, <= 511 => 3, <= 1023 => 4, <= 1279 => 5, <= 1500 => 6, _ => 7 };
}
