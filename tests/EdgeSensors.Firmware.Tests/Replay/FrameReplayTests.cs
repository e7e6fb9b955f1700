using System.Buffers.Binary;
using System.Globalization;
using EdgeSensors.Firmware.Replay;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Replay;

/// <summary>From real frames to a report that the hub reads, exact against what the agent's decoder counts.</summary>
public class FrameReplayTests
{
    private const long Start = 1_790_000_000_000;

    [Theory]
    [InlineData("attacks")]
    [InlineData("benign")]
    public void Totals_of_real_captures_are_exact_and_the_hub_reads_the_report(string folder)
    {
        int captures = 0;
        foreach (string file in Captures.Files(folder, upTo: 4_000_000))
        {
            TapMeter meter = FrameReplay.Meter([], Start);
            CapturedFrame[] frames = [.. Captures.Frames(file)];
            ulong packets = 0, octets = 0;
            Dictionary<int, ulong> protocols = [];
            foreach (CapturedFrame frame in frames)
            {
                meter.Take(frame.Octets, 0, frame.Octets.Length, frame.Length, Start + 1);
                FrameDecoder.DecodeLayer(LinkType.Ethernet, frame.Octets, frame.Length, 0, out PacketHeader header);
                if (header.IpVersion != 0)
                {
                    packets++;
                    octets += (ulong)header.IpLength;
                    protocols[(int)header.Protocol] = protocols.GetValueOrDefault((int)header.Protocol) + 1;
                }
            }

            ReportMessage report = Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000));
            Assert.Equal((packets, octets), (report.Total!.Value.Packets, report.Total.Value.Octets));
            Assert.Equal(protocols.OrderBy(p => p.Key).Select(p => (p.Key, p.Value)), report.Protocols.Select(p => ((int)p.ProtocolIdentifier, p.Count.Packets)));
            Assert.Equal(packets, (ulong)report.Directions.Sum(d => (long)d.Count.Packets));
            Assert.Equal(packets, (ulong)report.PacketSizes.Sum(s => (long)s));
            captures++;
        }

        Assert.True(captures > 0);
    }

    [Fact]
    public void Without_an_authorisation_in_force_only_health_leaves()
    {
        foreach (long now in (long[])[Start, Start + 200_000])
        {
            TapMeter meter = FrameReplay.Meter([0x01020304], Start);
            meter.Authority.Withdraw();
            if (now > Start)
            {
                meter.Authority.Grant("expired", Start, Start + 100_000, 15, concern: true);
            }

            meter.Start(now);
            meter.Take(Syn(0x0a000001, 0x01020304, 1000, 443), 0, 54, 60, now + 1);
            ReportMessage report = Decode(meter.CloseWindow(new MessageHeader(7, 3), now + 60_000));
            Assert.Null(report.AuthorizationId);
            Assert.Null(report.Total);
            Assert.Empty(report.Flows);
            Assert.Empty(report.Cardinalities);
        }
    }

    [Fact]
    public void A_listed_end_picks_the_flow_with_the_own_end_as_a_pseudonym()
    {
        TapMeter meter = FrameReplay.Meter([0x01020304], Start);
        meter.Take(Syn(0x0a000001, 0x01020304, 1000, 443), 0, 54, 60, Start + 5);
        meter.Take(Syn(0x01020304, 0x0a000001, 443, 1000), 0, 54, 60, Start + 9);
        meter.Take(Syn(0x0a000001, 0x01020305, 1001, 443), 0, 54, 60, Start + 9);
        PickedFlow flow = Assert.Single(Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000)).Flows);
        Assert.Equal(TrafficDirection.Outbound, flow.Direction);
        Assert.Equal("1.2.3.4", flow.Destination.Address!.Value.ToString().Split('/')[0]);
        Assert.Null(flow.Source.Address);
        byte[] expected = System.Security.Cryptography.HMACSHA256.HashData(new byte[32], (byte[])[10, 0, 0, 1])[..16];
        Assert.Equal(expected, flow.Source.Pseudonym.ToArray());
        Assert.Equal((1UL, 1UL, Start + 5, Start + 9), (flow.Packets, flow.ReversePackets, flow.Start.Value, flow.End.Value));
    }

    [Fact]
    public void At_level_broad_what_the_list_picks_is_counted_and_does_not_leave()
    {
        TapMeter meter = FrameReplay.Meter([0x01020304], Start);
        meter.Authority.Grant("broad", Start, long.MaxValue, 15, concern: false);
        meter.Authority.TryAddPrefix(0, 0xffff0a000000UL, 96 + 8);
        meter.Take(Syn(0x0a000001, 0x01020304, 1000, 443), 0, 54, 60, Start + 5);
        ReportMessage report = Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000));
        Assert.Empty(report.Flows);
        Assert.Equal(1UL, report.Measurement.FlowsOutOfScope);
    }

    [Fact]
    public void A_direction_that_is_not_covered_is_in_the_total_only()
    {
        TapMeter meter = FrameReplay.Meter([0x01020304], Start);
        meter.Authority.Grant("inbound", Start, long.MaxValue, 1 << EdgeSensors.Firmware.Select.Direction.Inbound, concern: true);
        meter.Authority.TryAddPrefix(0, 0xffff0a000000UL, 96 + 8);
        meter.Take(Syn(0x0a000001, 0x01020304, 1000, 443), 0, 54, 60, Start + 5);
        ReportMessage report = Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000));
        Assert.Equal(1UL, report.Total!.Value.Packets);
        Assert.Empty(report.Directions);
        Assert.Empty(report.Protocols);
        Assert.Empty(report.Flows);
    }

    [Fact]
    public void The_sketches_are_HyperLogLog_over_the_hash_that_all_sensors_use()
    {
        TapMeter meter = FrameReplay.Meter([], Start);
        byte[] others = new byte[1024];
        for (uint i = 0; i < 5_000; i++)
        {
            uint other = 0x50000000 + i * 7919;
            meter.Take(Syn(0x0a000001, other, 1000, 443), 0, 54, 60, Start + 5);
            ulong hash = Mix(Mix(0) ^ (0xffff00000000UL | other));
            int rank = Math.Min(System.Numerics.BitOperations.LeadingZeroCount(hash << 10), 54) + 1;
            others[hash >> 54] = Math.Max(others[hash >> 54], (byte)rank);
        }

        ReportMessage report = Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000));
        CardinalitySketch sketch = report.Cardinalities.Single(c => c.Name == "other-addresses");
        Assert.Equal("edge-mix-1", sketch.Hash);
        Assert.Equal(others, sketch.Registers.ToArray());
        Assert.Equal(5_000UL, report.Total!.Value.Flows);
        Assert.Equal(5_000UL - 2_048, report.Measurement.EvictedFlows);
    }

    [Fact]
    public void A_million_frames_of_a_flood_allocate_nothing_and_are_all_counted()
    {
        TapMeter meter = FrameReplay.Meter([0x01020304], Start);
        byte[] frame = Syn(0, 0x0a000001, 1, 443);
        for (int warm = 0; warm < 1_000; warm++)
        {
            meter.Take(frame, 0, 54, 60, Start);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (uint i = 0; i < 1_000_000; i++)
        {
            BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(26), i * 2654435761);
            meter.Take(frame, 0, 54, 60, Start + i / 20);
        }

        // One object a frame would be 24 million octets; a collection that another test brings about counts the rest of an allocation block as used.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 65_536);
        Assert.Equal(1_001_000UL, Decode(meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000)).Total!.Value.Packets);
    }

    [Fact]
    public void Windows_follow_one_another_with_deltas_and_silent_flows_are_forgotten()
    {
        TapMeter meter = FrameReplay.Meter([0x01020304], Start);
        MessageHeader header = new(7, 1);
        byte[] frame = Syn(0x0a000001, 0x01020304, 1000, 443);
        meter.Take(frame, 0, 54, 60, Start + 50_000);
        Assert.Equal(1UL, Decode(meter.CloseWindow(header, Start + 60_000)).Total!.Value.Flows);
        header.Advance();
        meter.Take(frame, 0, 54, 60, Start + 60_001);
        ReportMessage second = Decode(meter.CloseWindow(header, Start + 120_000));
        header.Advance();
        Assert.Equal((1UL, 0UL), (second.Total!.Value.Packets, second.Total.Value.Flows));
        Assert.Equal(Start + 60_001, Assert.Single(second.Flows).End.Value);
        Assert.Empty(Decode(meter.CloseWindow(header, Start + 180_000)).Flows);
        header.Advance();
        meter.Take(frame, 0, 54, 60, Start + 190_000);
        ReportMessage fourth = Decode(meter.CloseWindow(header, Start + 240_000));
        header.Advance();
        Assert.Equal((1UL, 4UL), (fourth.Total!.Value.Flows, fourth.Id.Sequence));
    }

    [Fact]
    public void The_printed_report_is_the_same_under_any_culture_and_can_be_read()
    {
        byte[] frames = Record([(0, Syn(0x0a000001, 0x01020304, 1000, 443)), (100, Syn(0x0a000001, 0x01020305, 1001, 443)), (61_000, Syn(0x0a000001, 0x01020304, 1000, 443))]);
        string invariant = Print(frames);
        CultureInfo before = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo odd = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            odd.NumberFormat.NegativeSign = "minus";
            odd.NumberFormat.NumberGroupSeparator = " ";
            CultureInfo.CurrentCulture = odd;
            Assert.Equal(invariant, Print(frames));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }

        string[] reports = invariant.ReplaceLineEndings("\n").Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(2, reports.Length);
        Assert.True(ReportCodec.TryDecode(Convert.FromHexString(reports[0].Replace("\n", "", StringComparison.Ordinal)), out ReportMessage? first, out _));
        Assert.Equal(2UL, first!.Total!.Value.Packets);
    }

    [Fact]
    public void Cut_records_end_the_replay_quietly()
    {
        byte[] frames = Record([(0, Syn(0x0a000001, 0x01020304, 1000, 443))]);
        for (int length = 0; length <= frames.Length; length++)
        {
            Assert.NotEmpty(Print(frames[..length]));
        }
    }

    private static ulong Mix(ulong x)
    {
        x += 0x9E3779B97F4A7C15;
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }

    internal static byte[] Syn(uint source, uint destination, int sourcePort, int destinationPort)
    {
        byte[] frame = new byte[54];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[17] = 40;
        frame[22] = 64;
        frame[23] = 6;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(26), source);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(30), destination);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(34), (ushort)sourcePort);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(36), (ushort)destinationPort);
        frame[46] = 0x50;
        frame[47] = 2;
        return frame;
    }

    private static byte[] Record((uint Ms, byte[] Octets)[] frames)
    {
        MemoryStream stream = new();
        Span<byte> header = stackalloc byte[8];
        foreach ((uint ms, byte[] octets) in frames)
        {
            BinaryPrimitives.WriteUInt32BigEndian(header, ms);
            BinaryPrimitives.WriteUInt16BigEndian(header[4..], (ushort)octets.Length);
            BinaryPrimitives.WriteUInt16BigEndian(header[6..], (ushort)octets.Length);
            stream.Write(header);
            stream.Write(octets);
        }

        return stream.ToArray();
    }

    private static string Print(byte[] frames)
    {
        lock (typeof(Console))
        {
            TextWriter before = Console.Out;
            using StringWriter output = new(CultureInfo.InvariantCulture);
            Console.SetOut(output);
            try
            {
                FrameReplay.Print(frames, [0x01020304]);
            }
            finally
            {
                Console.SetOut(before);
            }

            return output.ToString();
        }
    }

    [Fact]
    public void A_report_whose_pseudonyms_were_worked_out_beforehand_has_the_same_octets()
    {
        string[] reports = [.. new[] { false, true }.Select(beforehand =>
        {
            TapMeter meter = FrameReplay.Meter([0x01020304], Start);
            for (uint i = 0; i < 200; i++)
            {
                meter.Take(Syn(0x0a000001 + i, i % 2 == 0 ? 0x01020304 : 0x0a000001 + (3 * i), 1000, 443), 0, 54, 60, Start);
            }

            while (beforehand && !meter.StepPrepare())
            {
                meter.Take(Syn(0x0a000001, 0x05060708, 1000, 443), 0, 54, 60, Start);
            }

            for (int i = 0; !beforehand && i < 1_000; i++)
            {
                meter.Take(Syn(0x0a000001, 0x05060708, 1000, 443), 0, 54, 60, Start);
            }

            EdgeSensors.Firmware.Report.CborWriter report = meter.CloseWindow(new MessageHeader(7, 3), Start + 60_000);
            Assert.Equal(64, Decode(report).Flows.Count);
            return string.Join(' ', Decode(report).Flows.Select(f => Convert.ToHexString(f.Source.Pseudonym.Span)));
        })];
        Assert.Equal(reports[0], reports[1]);
    }

    private static ReportMessage Decode(CborWriter report)
    {
        byte[] octets = report.Buffer[..report.Length];
        Assert.True(ReportCodec.TryDecode(octets, out ReportMessage? message, out ProtocolError error), error.ToString());
        Assert.Equal(octets, ReportCodec.Encode(message!));
        return message!;
    }
}
