using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary>
/// Datagrams through loopback into one receiving thread of the listener. The sender waits when it is too far ahead, so that what is measured is what the listener takes; its own
/// processor time is left out.
/// </summary>
internal static partial class SocketLoad
{
    private const int ThreadClock = 3; // CLOCK_THREAD_CPUTIME_ID
    private const int MostAhead = 4096;

    public static void Run(ExportFormat format, long records)
    {
        if (!ListenUrl.TryParse("udp://127.0.0.1:0", out var url, out _)
            || !ExportListener.TryOpen(new ListenOptions { Urls = [url], Workers = 1 }, TimeProvider.System, out var listener, out _))
        {
            Console.Error.WriteLine("cannot listen on loopback");
            return;
        }

        using (listener)
        {
            var consumer = new ExportFormats.Adder();
            var sent = 0L;
            var senderTime = TimeSpan.Zero;
            var export = new SyntheticExport(format, 1);
            var total = (records / export.RecordsPerDatagram) + 1;
            var sender = new Thread(() => senderTime = Send(listener, export, total, ref sent)) { IsBackground = true };
            var (watch, cpu) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
            sender.Start();
            while (Volatile.Read(ref sent) < total || listener.Report().Totals.DatagramCount < total)
            {
                listener.Read(consumer, TimeSpan.FromMilliseconds(20));
                if (listener.Report().KernelDroppedCount is > 0)
                    total = 0; // lost: what follows is said with it
            }

            var elapsed = watch.Elapsed;
            sender.Join();
            var spent = Environment.CpuUsage.TotalTime - cpu - senderTime;
            var report = listener.Report();
            Console.WriteLine(
                $"{format} through a socket: {report.Totals.FlowCount} records in {report.Totals.DatagramCount} datagrams, {report.KernelDroppedCount} dropped, {report.Totals.FlowCount / elapsed.TotalSeconds / 1e6:F2} million records/s, {spent.TotalNanoseconds / report.Totals.FlowCount:F0} ns of processor time a record (kernel's part included), {Environment.WorkingSet >> 20} MiB");
        }
    }

    private static TimeSpan Send(ExportListener listener, SyntheticExport export, long total, ref long sent)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(listener.Urls[0].EndPoint);
        var datagrams = Enumerable.Range(0, 4096).Select(_ => export.Data()).ToArray();
        var began = ThreadTime();
        uint sequence = 0;
        if (export.Templates() is { Length: > 0 } templates)
        {
            socket.Send(templates);
            sequence += export.Step(1);
            sent++;
        }

        for (; sent < total; Volatile.Write(ref sent, sent + 1))
        {
            var datagram = datagrams[sent % datagrams.Length];
            export.Number(datagram, sequence);
            sequence += export.Step(export.RecordsPerDatagram);
            socket.Send(datagram);
            if ((sent & 63) == 0)
            {
                while (sent - listener.Report().Totals.DatagramCount > MostAhead)
                    Thread.Sleep(0);
            }
        }

        return ThreadTime() - began;
    }

    private static TimeSpan ThreadTime()
    {
        ReadClock(ThreadClock, out var time);
        return TimeSpan.FromSeconds(time.Seconds) + TimeSpan.FromTicks(time.Nanoseconds / 100);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
