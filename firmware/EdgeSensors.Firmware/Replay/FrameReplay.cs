using System;
using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Select;

namespace EdgeSensors.Firmware.Replay;

/// <summary>
/// The entry point that takes frames from an array and prints each window's report as hex: the same octets from the host build and from the
/// interpreter. A frame is its time (4 octets, milliseconds, not falling), its length on the wire (2), how many octets of it follow (2), all
/// big-endian, and those octets, of which only headers are read. Seed, authorisation and list are fixed: what differs is a difference of builds.
/// </summary>
public static class FrameReplay
{
    /// <summary>Milliseconds of a window.</summary>
    public const int WindowMs = 60_000;

    private const long Epoch = 1_790_000_000_000;
    private const int RecordHeader = 8;
    private const int LineOctets = 48;

    /// <summary>Prints the reports of the frames; a record that is cut ends them.</summary>
    /// <param name="frames">The frames.</param>
    /// <param name="listed">Listed IPv4 addresses in rising order, or none.</param>
    public static void Print(byte[] frames, uint[] listed)
    {
        TapMeter meter = Meter(listed, Epoch);
        MessageHeader header = new MessageHeader(1, 1);
        byte[] headers = new byte[FrameParser.MostHeader];
        long windowEnd = Epoch + WindowMs;
        int at = 0;
        while (at + RecordHeader <= frames.Length)
        {
            long time = Epoch + (((uint)frames[at] << 24) | ((uint)frames[at + 1] << 16) | ((uint)frames[at + 2] << 8) | frames[at + 3]);
            int length = (frames[at + 4] << 8) | frames[at + 5];
            int captured = (frames[at + 6] << 8) | frames[at + 7];
            at += RecordHeader;
            if (at + captured > frames.Length)
            {
                break;
            }

            while (time >= windowEnd)
            {
                PrintHex(meter.CloseWindow(header, windowEnd));
                header.Advance();
                windowEnd += WindowMs;
            }

            meter.Take(headers, 0, CopyHeaders(frames, at, captured, length, headers), length, time);
            at += captured;
        }

        PrintHex(meter.CloseWindow(header, windowEnd));
    }

    /// <summary>A meter with fixed seed and key, for the networks of RFC 1918, 10.0.0.0/8, 172.16.0.0/12 and 192.168.0.0/16, and fc00::/7.</summary>
    internal static TapMeter Meter(uint[] listed, long startMs)
    {
        Authority authority = new Authority();
        authority.Grant("replay", startMs, long.MaxValue, (1 << Direction.Count) - 1, concern: true);
        authority.TryAddPrefix(0, 0xffff0a000000UL, 96 + 8);
        authority.TryAddPrefix(0, 0xffffac100000UL, 96 + 12);
        authority.TryAddPrefix(0, 0xffffc0a80000UL, 96 + 16);
        authority.TryAddPrefix(0xfc00000000000000UL, 0, 7);
        Pseudonymizer pseudonymizer = new Pseudonymizer();
        pseudonymizer.SetKey(new byte[Pseudonymizer.KeySize], 0);
        TapMeter meter = new TapMeter(2048, 1, authority, pseudonymizer);
        if (listed.Length > 0)
        {
            AddressSet list = new AddressSet(listed.Length);
            for (int i = 0; i < listed.Length; i++)
            {
                list.TryAppend(listed[i]);
            }

            list.Complete();
            meter.UseList(new ListedAddresses(list));
        }

        meter.Start(startMs);
        return meter;
    }

    /// <summary>Copies what is header and nothing more, as the chip's driver reads it; returns how many octets.</summary>
    internal static int CopyHeaders(byte[] frames, int at, int captured, int length, byte[] headers)
    {
        int have = 0;
        int end = FrameParser.HeaderEnd(headers, have, length);
        while (end > have && have < captured)
        {
            if (end > captured)
            {
                end = captured;
            }

            Array.Copy(frames, at + have, headers, have, end - have);
            have = end;
            end = FrameParser.HeaderEnd(headers, have, length);
        }

        return have;
    }

    private static void PrintHex(CborWriter report)
    {
        char[] line = new char[2 * LineOctets];
        int used = 0;
        for (int i = 0; i < report.Length; i++)
        {
            line[used++] = Digit(report.Buffer[i] >> 4);
            line[used++] = Digit(report.Buffer[i] & 15);
            if (used == line.Length)
            {
                Console.WriteLine(new string(line, 0, used));
                used = 0;
            }
        }

        Console.WriteLine(new string(line, 0, used));
        if (used > 0)
        {
            Console.WriteLine("");
        }
    }

    private static char Digit(int value)
    {
        return (char)(value < 10 ? '0' + value : 'a' + value - 10);
    }
}
