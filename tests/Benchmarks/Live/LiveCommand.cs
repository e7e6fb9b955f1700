using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Benchmarks.Live;

/// <summary><c>live INTERFACE</c>: captures until the line has been silent for a second, and says what a packet cost.</summary>
internal static class LiveCommand
{
    private const int SilentReads = 10; // of 100 ms

    public static Command Create()
    {
        var name = new Argument<string>("INTERFACE") { Description = "The interface to capture." };
        var meter = new Option<bool>("--meter") { Description = "Meter the packets into biflows too, not only capture them." };
        var command = new Command("live", "Capture an interface while something sends; ends a second after the last packet.") { name, meter };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(name), parsed.GetValue(meter)));
        return command;
    }

    private static int Run(string name, bool meters)
    {
        if (!LiveCapture.TryOpen(name, new LiveCaptureOptions(), out var capture, out var error))
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        using (capture)
        {
            var table = new PacketMeter(new FlowTableOptions(), new NoConsumer());
            var packet = default(CapturedPacket);
            while (capture.Read(ref packet) != PacketRead.Packet)
            {
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
                        table.Add(ref packet);
                    }
                }
                else
                {
                    silent++;
                }
            }

            process.Refresh();
            var (cpu, seconds) = ((process.TotalProcessorTime - before).TotalMicroseconds, clock.Elapsed.TotalSeconds - (SilentReads * 0.1));
            var counted = capture.ReadStatistics();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{packets} packets, {counted.Dropped} dropped, {packets / seconds / 1e6:0.000} million packets/s, {cpu / packets:0.000} us CPU/packet, {octets} octets, {table.Flows.Count} flows"));
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
