using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Benchmarks.Meter;

/// <summary>
/// <c>ladder</c>: the flow table alone, on 1,000 to 5 million flows that packets belong to with equal probability, so that no cache helps beyond its size. Each rung is a process of
/// its own, for the memory it shows is the process's.
/// </summary>
internal static class LadderCommand
{
    private const int Batch = 1024;
    private const int MeasuredPackets = 10_000_000;

    public static Command Create()
    {
        var flows = new Option<int>("--flows") { Description = "One rung; 0 for all, each in its own process.", DefaultValueFactory = _ => 0 };
        var command = new Command("ladder", "Packets a second and memory a flow of the flow table, by the number of flows.") { flows };
        command.SetAction(parse =>
        {
            if (parse.GetValue(flows) is > 0 and var rung)
            {
                Climb(rung);
                return;
            }

            Console.WriteLine($"{"flows",10} {"Mpackets/s",11} {"ns/packet",10} {"new flow ns",12} {"octets/flow",12} {"resident/flow",14} {"longest 1024 ms",16} {"allocated",10}");
            foreach (var count in (ReadOnlySpan<int>)[1_000, 10_000, 100_000, 1_000_000, 5_000_000])
            {
                using var process = Process.Start(Environment.ProcessPath!, ["ladder", "--flows", count.ToString(CultureInfo.InvariantCulture)]);
                process.WaitForExit();
            }
        });
        return command;
    }

    private static void Climb(int flows)
    {
        var headers = new PacketHeader[Batch];
        Run(new FlowTable(Options(1 << 16), new Discard()), headers, 1_000, 3_000_000); // compiled and recompiled by now
        GC.Collect();
        var resident = ResidentOctets();
        var table = new FlowTable(Options(8 << 20), new Discard());
        var longest = TimeSpan.Zero;
        var filling = TimeSpan.Zero;
        for (var flow = 0; flow < flows; flow += Batch)
        {
            var count = Math.Min(Batch, flows - flow);
            for (var i = 0; i < count; i++)
                Write(ref headers[i], flow + i, 0);
            var started = Stopwatch.GetTimestamp();
            table.AddRange(headers.AsSpan(0, count));
            var took = Stopwatch.GetElapsedTime(started);
            filling += took;
            longest = took > longest ? took : longest;
        }

        GC.Collect();
        var grown = ResidentOctets() - resident;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var metered = Run(table, headers, flows, MeasuredPackets);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        if (table.Count != flows)
            throw new InvalidOperationException($"{table.Count} flows");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{flows,10:N0} {MeasuredPackets / metered.TotalSeconds / 1e6,11:F2} {metered.TotalNanoseconds / MeasuredPackets,10:F1} {filling.TotalNanoseconds / flows,12:F0} {(double)table.MemoryOctets / flows,12:F1} {(double)grown / flows,14:F0} {longest.TotalMilliseconds,16:F2} {allocated,10}"));
    }

    private static TimeSpan Run(FlowTable table, PacketHeader[] headers, int flows, int packets)
    {
        var metered = TimeSpan.Zero;
        var state = 1UL;
        for (var done = 0; done < packets; done += Batch)
        {
            for (var i = 0; i < Batch; i++)
            {
                state = (state * 6364136223846793005) + 1442695040888963407;
                Write(ref headers[i], (int)((state >> 33) % (ulong)flows), done);
            }

            var started = Stopwatch.GetTimestamp();
            table.AddRange(headers);
            metered += Stopwatch.GetElapsedTime(started);
        }

        return metered;
    }

    private static FlowTableOptions Options(int maxFlows) =>
        new() { MaxFlows = maxFlows, HashSeed = 5, IdleTimeout = TimeSpan.FromHours(1), ActiveTimeout = TimeSpan.FromHours(2) };

    private static void Write(ref PacketHeader header, int flow, int packet)
    {
        header.TimestampNs = 1_790_000_000_000_000_000 + (packet * 100L);
        header.Source = HostAddress.FromIPv4(0x0A00_0000 + (uint)flow);
        header.Destination = HostAddress.FromIPv4(0xC633_6401);
        header.SourcePort = (ushort)(1024 + (flow & 0x7FFF));
        header.DestinationPort = 443;
        header.HasPorts = true;
        header.Protocol = IpProtocol.Udp;
        header.IpVersion = 4;
        header.IpLength = 100;
        header.PayloadLength = 72;
    }

    private static long ResidentOctets() =>
        long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith("VmRSS:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;

    private sealed class Discard : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }
    }
}
