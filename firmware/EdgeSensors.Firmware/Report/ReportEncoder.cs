using EdgeSensors.Firmware.Flows;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Sketches;

namespace EdgeSensors.Firmware.Report;

/// <summary>Writes a window as the message <c>report</c>. Without an authorisation in force it has health and nothing else.</summary>
internal sealed class ReportEncoder
{
    /// <summary>The most services in a report.</summary>
    public const int MaxServices = 32;

    /// <summary>The most picked flows in a report; the rest count as evicted.</summary>
    public const int MaxFlows = 64;

    // The order of WindowCounts.Cardinalities; of own addresses nothing but keyed hashes.
    private static readonly string[] SketchNames = { "own-addresses", "other-addresses", "other-ports", "pairs" };

    private readonly CborWriter _writer;
    private readonly Pseudonymizer _pseudonymizer;
    private readonly byte[] _octets = new byte[16];
    private readonly int[] _services = new int[MaxServices];

    /// <summary>Writes with <paramref name="writer"/>.</summary>
    public ReportEncoder(CborWriter writer, Pseudonymizer pseudonymizer)
    {
        _writer = writer;
        _pseudonymizer = pseudonymizer;
    }

    /// <summary>Writes a window from <paramref name="startMs"/> to <paramref name="endMs"/>, Unix milliseconds. False when it found no room.</summary>
    public bool Write(
        MessageHeader header, long startMs, long endMs, Authority authority, MeasurementQuality quality, WindowCounts counts, FlowTable flows)
    {
        CborWriter w = _writer;
        bool allowed = authority.IsInForce(endMs);
        bool records = allowed && authority.AllowsRecords;
        int picked = 0;
        int outOfScope = 0;
        for (int i = 0; i < flows.Capacity; i++)
        {
            if (IsPicked(flows, i))
            {
                picked++;
            }
        }

        if (!records)
        {
            outOfScope = allowed ? picked : 0;
            picked = 0;
        }

        int shown = picked < MaxFlows ? picked : MaxFlows;
        w.Reset();
        w.BeginMap();
        w.Field(Keys.Start, (ulong)startMs);
        w.Field(Keys.End, (ulong)endMs);
        header.Write(w);
        if (allowed)
        {
            w.Field(Keys.AuthorizationId, authority.Id!);
        }

        quality.Write(w, allowed ? counts.Malformed : 0, allowed ? flows.Evicted + (uint)(picked - shown) : 0, (uint)outOfScope);
        if (allowed)
        {
            WriteCounts(counts);
            if (shown > 0)
            {
                WriteFlows(flows, shown, startMs);
            }
        }

        w.EndMap();
        return !w.Overflowed;
    }

    /// <summary>Works out one of the pseudonyms of a flow that was picked: a report then has little left to do. True if there was one.</summary>
    public bool TryPrepare(FlowTable flows, int i)
    {
        if (!IsPicked(flows, i))
        {
            return false;
        }

        int direction = FlowClass.DirectionOf(flows.Class[i]);
        return (HidesSource(direction) && _pseudonymizer.TryLearn(flows.Address(i, 0), flows.Address(i, 1)))
            || (HidesDestination(direction) && _pseudonymizer.TryLearn(flows.Address(i, 2), flows.Address(i, 3)));
    }

    // The protected end is the own end, and of a flow within the network both. Nothing is picked in transit.
    private static bool HidesSource(int direction)
    {
        return direction == Direction.Outbound || direction == Direction.Internal;
    }

    private static bool HidesDestination(int direction)
    {
        return direction == Direction.Inbound || direction == Direction.Internal;
    }

    private static bool IsPicked(FlowTable flows, int i)
    {
        return flows.Reason[i] != 0 && flows.IsUsed(i) && flows.Packets[2 * i] + flows.Packets[2 * i + 1] > 0;
    }

    private void WriteCounts(WindowCounts counts)
    {
        CborWriter w = _writer;
        w.Key(Keys.Total);
        w.BeginMap();
        w.Count(Keys.Octets, counts.Total[1]);
        w.Count(Keys.Packets, counts.Total[0]);
        w.Count(Keys.Flows, counts.Total[2]);
        w.EndMap();
        WriteRows(Keys.Directions, counts.Directions);
        WriteRows(Keys.Protocols, counts.Protocols);
        WriteServices(counts.Services);
        w.Key(Keys.Cardinalities);
        w.BeginArray(counts.Cardinalities.Length);
        for (int i = 0; i < counts.Cardinalities.Length; i++)
        {
            bool keyed = i == 0 || i == 3;
            w.BeginMap();
            w.Field(Keys.SketchName, SketchNames[i]);
            w.Field(Keys.SketchHash, keyed ? "edge-mix-1-keyed" : SketchHash.Name);
            w.Field(Keys.SketchSeed, 0);
            w.Field(Keys.SketchPrecision, HyperLogLog.Precision);
            w.Key(Keys.SketchRegisters);
            w.Bytes(counts.Cardinalities[i].Registers, 0, counts.Cardinalities[i].Registers.Length);
            w.EndMap();
        }

        WriteBins(Keys.PacketSizes, counts.Sizes);
        WriteBins(Keys.TcpFlags, counts.TcpFlags);
    }

    private void WriteRows(int key, ulong[] rows)
    {
        int used = 0;
        for (int i = 0; i < rows.Length; i += 3)
        {
            used += rows[i] != 0 ? 1 : 0;
        }

        if (used == 0)
        {
            return;
        }

        CborWriter w = _writer;
        w.Key(key);
        w.BeginArray(used);
        for (int i = 0; i < rows.Length; i += 3)
        {
            if (rows[i] != 0)
            {
                w.BeginArray(4);
                w.UInt((ulong)(i / 3));
                w.UInt(rows[i]);
                w.UInt(rows[i + 1]);
                w.UInt(rows[i + 2]);
            }
        }
    }

    private void WriteServices(ServiceCounts services)
    {
        int shown = services.Most(_services);
        if (shown == 0)
        {
            return;
        }

        CborWriter w = _writer;
        w.Key(Keys.Services);
        w.BeginArray(shown);
        for (int i = 0; i < shown; i++)
        {
            int place = _services[i];
            w.BeginArray(5);
            w.UInt((ulong)services.Protocol(place));
            w.UInt((ulong)services.Port(place));
            w.UInt(services.Packets(place));
            w.UInt(services.Octets(place));
            w.UInt(services.Flows(place));
        }
    }

    private void WriteBins(int key, uint[] bins)
    {
        CborWriter w = _writer;
        w.Key(key);
        w.BeginArray(bins.Length);
        for (int i = 0; i < bins.Length; i++)
        {
            w.UInt(bins[i]);
        }
    }

    private void WriteFlows(FlowTable flows, int shown, long startMs)
    {
        CborWriter w = _writer;
        w.Key(Keys.PickedFlows);
        w.BeginArray(shown);
        for (int i = 0; shown > 0; i++)
        {
            if (IsPicked(flows, i))
            {
                shown--;
                WriteFlow(flows, i, startMs);
            }
        }
    }

    private void WriteFlow(FlowTable flows, int i, long startMs)
    {
        CborWriter w = _writer;
        int direction = FlowClass.DirectionOf(flows.Class[i]);
        bool hideSource = HidesSource(direction);
        bool hideDestination = HidesDestination(direction);
        ulong sourceHigh = flows.Address(i, 0), sourceLow = flows.Address(i, 1);
        ulong destinationHigh = flows.Address(i, 2), destinationLow = flows.Address(i, 3);
        bool sourceV4 = AddressOctets.IsIPv4(sourceHigh, sourceLow);
        bool destinationV4 = AddressOctets.IsIPv4(destinationHigh, destinationLow);
        w.BeginMap();
        w.Count(Keys.Octets, (ulong)flows.Octets[2 * i]);
        w.Count(Keys.Packets, flows.Packets[2 * i]);
        w.Field(Keys.Protocol, (ulong)flows.Protocol(i));
        w.Count(Keys.TcpControlBits, flows.TcpFlags[2 * i]);
        w.Count(Keys.SourcePort, (ulong)flows.SourcePort(i));
        if (!hideSource && sourceV4)
        {
            WriteAddress(Keys.SourceIPv4, sourceHigh, sourceLow);
        }

        w.Count(Keys.DestinationPort, (ulong)flows.DestinationPort(i));
        if (!hideDestination && destinationV4)
        {
            WriteAddress(Keys.DestinationIPv4, destinationHigh, destinationLow);
        }

        if (!hideSource && !sourceV4)
        {
            WriteAddress(Keys.SourceIPv6, sourceHigh, sourceLow);
        }

        if (!hideDestination && !destinationV4)
        {
            WriteAddress(Keys.DestinationIPv6, destinationHigh, destinationLow);
        }

        w.Field(Keys.Start, (ulong)(startMs + flows.FirstMs[i]));
        w.Field(Keys.End, (ulong)(startMs + flows.LastMs[i]));
        w.Field(Keys.Direction, (ulong)direction);
        w.Field(Keys.Reason, flows.Reason[i]);
        if (hideSource)
        {
            WritePseudonym(Keys.SourcePseudonym, sourceHigh, sourceLow);
        }

        if (hideDestination)
        {
            WritePseudonym(Keys.DestinationPseudonym, destinationHigh, destinationLow);
        }

        w.Count(-Keys.Octets, (ulong)flows.Octets[2 * i + 1]);
        w.Count(-Keys.Packets, flows.Packets[2 * i + 1]);
        w.Count(-Keys.TcpControlBits, flows.TcpFlags[2 * i + 1]);
        w.EndMap();
    }

    private void WriteAddress(int key, ulong high, ulong low)
    {
        _writer.Key(key);
        _writer.Bytes(_octets, 0, AddressOctets.Write(high, low, _octets));
    }

    private void WritePseudonym(int key, ulong high, ulong low)
    {
        _pseudonymizer.Write(high, low, _octets);
        _writer.Key(key);
        _writer.Bytes(_octets, 0, Pseudonymizer.Size);
    }
}
