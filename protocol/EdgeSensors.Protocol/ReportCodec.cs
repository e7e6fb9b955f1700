using EdgeSensors.Protocol.Encoding;

namespace EdgeSensors.Protocol;

/// <summary>CBOR of <see cref="ReportMessage"/>; rule <c>report</c> of the CDDL.</summary>
public static class ReportCodec
{
    /// <summary>The message as deterministic CBOR.</summary>
    public static byte[] Encode(ReportMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        var w = new MessageWriter();
        w.StartMap();
        w.Header(message.Id);
        w.Time(Keys.FlowStartMilliseconds, message.WindowStart);
        w.Time(Keys.FlowEndMilliseconds, message.WindowEnd);
        w.Text(Keys.AuthorizationId, message.AuthorizationId);
        Write(w, message.Measurement);
        if (message.Total is { } total)
        {
            w.StartMap(Keys.Total);
            w.Counters(total);
            w.EndMap();
        }

        w.List(Keys.Directions, message.Directions, d => w.Row((ulong)d.Direction, d.Count.Packets, d.Count.Octets, d.Count.Flows));
        w.List(Keys.Protocols, message.Protocols, p => w.Row(p.ProtocolIdentifier, p.Count.Packets, p.Count.Octets, p.Count.Flows));
        w.List(Keys.Services, message.Services, s => w.Row(s.ProtocolIdentifier, s.Port, s.Count.Packets, s.Count.Octets, s.Count.Flows));
        w.List(Keys.Cardinalities, message.Cardinalities, s => Write(w, s));
        w.List(Keys.Entropies, message.Entropies, e => w.Row(e.Element, e.Millibits));
        w.List(Keys.PacketSizes, message.PacketSizes, w.Item);
        w.List(Keys.TcpFlags, message.TcpFlags, w.Item);
        w.List(Keys.TopPrefixes, message.TopPrefixes, p => w.PrefixRow(p.Prefix, p.OwnAddresses, p.Count.Packets, p.Count.Octets, p.Count.Flows));
        w.List(Keys.Flows, message.Flows, f => PickedFlowFields.Write(w, f));
        w.EndMap();
        return w.Encode();
    }

    /// <summary>Reads a report; false with the reason when the octets are none.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> payload, out ReportMessage? message, out ProtocolError error) =>
        MessageReader.TryRead(payload, Channel.Report, Read, out message, out error);

    private static void Write(MessageWriter w, MeasurementQuality m)
    {
        w.StartMap(Keys.Measurement);
        w.UInt(Keys.SamplingSize, (ulong)m.SamplingSize);
        w.UInt(Keys.SamplingPopulation, (ulong)m.SamplingPopulation);
        w.UInt(Keys.DroppedPacketDeltaCount, m.DroppedPackets);
        w.Int(Keys.ClockOffset, m.ClockOffsetMs);
        w.Count(Keys.MalformedPackets, m.MalformedPackets);
        w.Count(Keys.EvictedFlows, m.EvictedFlows);
        w.Flag(Keys.PreviousWindowLost, m.PreviousWindowLost);
        w.Count(Keys.DomesticPackets, m.DomesticPackets);
        w.Count(Keys.PrefixesBelowK, m.PrefixesBelowK);
        w.Count(Keys.FlowsOutOfScope, m.FlowsOutOfScope);
        w.Count(Keys.UnknownSamplingPackets, m.UnknownSamplingPackets);
        w.Count(Keys.MissingExports, m.MissingExports);
        if (m.Bounds is { } bounds)
        {
            w.KeyedRow(Keys.SamplingBounds, bounds.PacketsWithin, bounds.Octets, bounds.OctetsWithin);
        }

        w.EndMap();
    }

    private static void Write(MessageWriter w, CardinalitySketch s)
    {
        w.StartMap();
        w.Text(Keys.SketchName, s.Name);
        w.Text(Keys.SketchHash, s.Hash);
        w.UInt(Keys.SketchSeed, (ulong)s.Seed);
        w.UInt(Keys.SketchPrecision, (ulong)s.Precision);
        w.Bytes(Keys.SketchRegisters, s.Registers.Span);
        w.EndMap();
    }

    private static ReportMessage Read(MessageReader r)
    {
        var header = default(HeaderFields);
        UnixMilliseconds? start = null, end = null;
        var message = new ReportMessage { Id = default, WindowStart = default, WindowEnd = default, Measurement = NoMeasurement };
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.FlowStartMilliseconds: start = r.Time(); return true;
                case Keys.FlowEndMilliseconds: end = r.Time(); return true;
                case Keys.AuthorizationId: message = message with { AuthorizationId = r.Token() }; return true;
                case Keys.Measurement: message = message with { Measurement = ReadMeasurement(r) }; return true;
                case Keys.Total: message = message with { Total = ReadCounters(r) }; return true;
                case Keys.Directions: message = message with { Directions = r.List(4, () => ReadDirection(r)) }; return true;
                case Keys.Protocols: message = message with { Protocols = r.List(256, () => ReadProtocol(r)) }; return true;
                case Keys.Services: message = message with { Services = r.List(ReportMessage.MaxServices, () => ReadService(r)) }; return true;
                case Keys.Cardinalities: message = message with { Cardinalities = r.List(8, () => ReadSketch(r)) }; return true;
                case Keys.Entropies: message = message with { Entropies = r.List(16, () => ReadEntropy(r)) }; return true;
                case Keys.PacketSizes: message = message with { PacketSizes = ReadHistogram(r) }; return true;
                case Keys.TcpFlags: message = message with { TcpFlags = ReadHistogram(r) }; return true;
                case Keys.TopPrefixes: message = message with { TopPrefixes = r.List(ReportMessage.MaxTopPrefixes, () => ReadPrefix(r)) }; return true;
                case Keys.Flows: message = message with { Flows = r.List(ReportMessage.MaxFlows, () => PickedFlowFields.Read(r)) }; return true;
                default: return header.TryField(r, key);
            }
        });
        var complete = message with
        {
            Id = header.ToId(),
            WindowStart = FieldException.Required(start, "flowStartMilliseconds"),
            WindowEnd = FieldException.Required(end, "flowEndMilliseconds"),
        };
        if (ReferenceEquals(complete.Measurement, NoMeasurement))
        {
            throw new FieldException(ProtocolErrorKind.MissingField, "measurement is missing");
        }

        // Wall 2, seen from the receiving side: what is about traffic needs the authorisation that it was collected under.
        var aboutTraffic = complete.Total is not null || complete.Flows.Count + complete.Directions.Count + complete.Protocols.Count
            + complete.Services.Count + complete.Cardinalities.Count + complete.Entropies.Count + complete.TopPrefixes.Count
            + complete.PacketSizes.Count + complete.TcpFlags.Count > 0;
        return aboutTraffic && complete.AuthorizationId is null
            ? throw new FieldException(ProtocolErrorKind.MissingField, "traffic without an authorisation")
            : complete;
    }

    private static readonly MeasurementQuality NoMeasurement = new();

    private static MeasurementQuality ReadMeasurement(MessageReader r)
    {
        var m = new MeasurementQuality { SamplingSize = 0 };
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.SamplingSize: m = m with { SamplingSize = (uint)r.UInt(uint.MaxValue) }; return true;
                case Keys.SamplingPopulation: m = m with { SamplingPopulation = (uint)r.UInt(uint.MaxValue) }; return true;
                case Keys.DroppedPacketDeltaCount: m = m with { DroppedPackets = r.UInt() }; return true;
                case Keys.ClockOffset: m = m with { ClockOffsetMs = r.Int() }; return true;
                case Keys.MalformedPackets: m = m with { MalformedPackets = r.UInt() }; return true;
                case Keys.EvictedFlows: m = m with { EvictedFlows = r.UInt() }; return true;
                case Keys.PreviousWindowLost: m = m with { PreviousWindowLost = r.Flag() }; return true;
                case Keys.DomesticPackets: m = m with { DomesticPackets = r.UInt() }; return true;
                case Keys.PrefixesBelowK: m = m with { PrefixesBelowK = r.UInt() }; return true;
                case Keys.FlowsOutOfScope: m = m with { FlowsOutOfScope = r.UInt() }; return true;
                case Keys.UnknownSamplingPackets: m = m with { UnknownSamplingPackets = r.UInt() }; return true;
                case Keys.MissingExports: m = m with { MissingExports = r.UInt() }; return true;
                case Keys.SamplingBounds: m = m with { Bounds = ReadBounds(r) }; return true;
                default: return false;
            }
        });
        return m.SamplingSize > 0 && m.SamplingPopulation >= m.SamplingSize
            ? m
            : throw new FieldException(ProtocolErrorKind.InvalidField, "a sampling ratio that is not above 0 and at most 1");
    }

    private static SamplingBounds ReadBounds(MessageReader r)
    {
        var row = r.Row(3);
        return new(row[0], row[1], row[2]);
    }

    private static Counters ReadCounters(MessageReader r)
    {
        var c = default(Counters);
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.PacketDeltaCount: c = c with { Packets = r.UInt() }; return true;
                case Keys.OctetDeltaCount: c = c with { Octets = r.UInt() }; return true;
                case Keys.DeltaFlowCount: c = c with { Flows = r.UInt() }; return true;
                default: return false;
            }
        });
        return c;
    }

    private static ulong AtMost(ulong value, ulong max) =>
        value <= max ? value : throw new FieldException(ProtocolErrorKind.InvalidField, $"{value} is more than {max}");

    private static DirectionCount ReadDirection(MessageReader r)
    {
        var row = r.Row(4);
        return new((TrafficDirection)AtMost(row[0], 3), new(row[1], row[2], row[3]));
    }

    private static ProtocolCount ReadProtocol(MessageReader r)
    {
        var row = r.Row(4);
        return new((byte)AtMost(row[0], byte.MaxValue), new(row[1], row[2], row[3]));
    }

    private static ServiceCount ReadService(MessageReader r)
    {
        var row = r.Row(5);
        return new((byte)AtMost(row[0], byte.MaxValue), (ushort)AtMost(row[1], ushort.MaxValue), new(row[2], row[3], row[4]));
    }

    private static FieldEntropy ReadEntropy(MessageReader r)
    {
        var row = r.Row(2);
        return new((ushort)AtMost(row[0], 32_767), (uint)AtMost(row[1], 64_000));
    }

    private static IReadOnlyList<ulong> ReadHistogram(MessageReader r)
    {
        var counts = r.List(8, () => r.UInt());
        return counts.Count == 8 ? counts : throw new FieldException(ProtocolErrorKind.InvalidField, "a histogram that does not have 8 counts");
    }

    private static PrefixCount ReadPrefix(MessageReader r)
    {
        Span<ulong> rest = stackalloc ulong[4];
        var prefix = r.PrefixRow(rest);
        return new(prefix, (uint)AtMost(rest[0], uint.MaxValue), new(rest[1], rest[2], rest[3]));
    }

    private static CardinalitySketch ReadSketch(MessageReader r)
    {
        string? name = null, hash = null;
        ulong? seed = null, precision = null;
        byte[]? registers = null;
        r.Map(key =>
        {
            switch (key)
            {
                case Keys.SketchName: name = r.Token(32); return true;
                case Keys.SketchHash: hash = r.Token(32); return true;
                case Keys.SketchSeed: seed = r.UInt(); return true;
                case Keys.SketchPrecision: precision = r.UInt(14); return true;
                case Keys.SketchRegisters: registers = r.Bytes(16, 1 << 14); return true;
                default: return false;
            }
        });
        var sketch = new CardinalitySketch
        {
            Name = FieldException.Required(name, "sketch name"),
            Hash = FieldException.Required(hash, "sketch hash"),
            Seed = FieldException.Required(seed, "sketch seed"),
            Precision = (byte)FieldException.Required(precision, "sketch precision"),
            Registers = FieldException.Required(registers, "sketch registers"),
        };
        return sketch.Precision >= 4 && sketch.Registers.Length == 1 << sketch.Precision
            ? sketch
            : throw new FieldException(ProtocolErrorKind.InvalidField, "a sketch whose registers do not fit its precision");
    }
}
