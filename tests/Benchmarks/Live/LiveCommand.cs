using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.EdgeAgent.Input;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Benchmarks.Live;

/// <summary><c>live INTERFACE</c>: captures until the line has been silent for a second, and says what a packet cost.</summary>
internal static class LiveCommand
{
    private const int SilentReads = 10; // of 100 ms

    /// <summary>Packets before the counting begins: by then the runtime has compiled what it compiles, which the agent as published has behind it.</summary>
    public const int WarmUpPackets = 300_000;

    public static Command Create()
    {
        var name = new Argument<string>("INTERFACE") { Description = "The interface to capture." };
        var meter = new Option<bool>("--meter") { Description = "Meter the packets into biflows too, not only capture them." };
        var report = new Option<bool>("--report") { Description = "The agent's whole way of a packet: meter, classify, count, sketch, detect, and a report every second into an outbox." };
        var outermost = new Option<bool>("--outermost") { Description = "Use the classic filter, as where eBPF is not allowed." };
        var rings = new Option<int>("--rings") { Description = "With --report: rings, with a thread each.", DefaultValueFactory = _ => 1 };
        var command = new Command("live", "Capture an interface while something sends; ends a second after the last packet.") { name, meter, report, outermost, rings };
        command.SetAction(parsed =>
        {
            var options = LiveInput.OptionsFor(parsed.GetValue(rings)) with { OutermostOnly = parsed.GetValue(outermost) };
            return parsed.GetValue(report)
                ? LiveReport.RunAsync(parsed.GetRequiredValue(name), options)
                : Task.FromResult(Run(parsed.GetRequiredValue(name), options, parsed.GetValue(meter)));
        });
        return command;
    }

    /// <summary>The line that <c>cable.sh</c> reads.</summary>
    public static void Print(long packets, long? dropped, TimeSpan cpu, TimeSpan wall, string more) => Console.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{cpu.TotalMicroseconds / packets:0.000} us CPU/packet, {packets} packets, {dropped} dropped, {packets / wall.TotalSeconds / 1e6:0.000} million packets/s, {more}"));

    private static int Run(string name, LiveCaptureOptions options, bool meters)
    {
        if (!LiveCapture.TryOpen(name, options, out var capture, out var error))
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        using (capture)
        {
            var table = new PacketMeter(new FlowTableOptions(), new NoConsumer());
            var packet = default(CapturedPacket);
            for (var left = WarmUpPackets; left > 0;)
            {
                if (capture.Read(ref packet) == PacketRead.Packet)
                {
                    left--;
                    if (meters)
                    {
                        table.Enqueue(ref packet);
                    }
                }
            }

            var (process, clock) = (Process.GetCurrentProcess(), Stopwatch.StartNew());
            var before = process.TotalProcessorTime;
            long packets = 0, octets = 0;
            for (var silent = 0; silent < SilentReads;)
            {
                if (capture.Read(ref packet) == PacketRead.Packet)
                {
                    silent = 0;
                    packets++;
                    octets += packet.OriginalLength;
                    if (meters)
                    {
                        table.Enqueue(ref packet);
                    }
                }
                else
                {
                    silent++;
                    table.Drain();
                }
            }

            process.Refresh();
            Print(
                packets,
                capture.ReadStatistics().Dropped,
                process.TotalProcessorTime - before,
                clock.Elapsed - TimeSpan.FromMilliseconds(SilentReads * 100),
                string.Create(CultureInfo.InvariantCulture, $"{capture.Depth} headers, {octets} octets, {table.Flows.Count} flows"));
            return 0;
        }
    }

    private sealed class NoConsumer : IBiflowConsumer
    {
        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }
    }
}
