using System.Buffers.Binary;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary>A frame that the kernel judges by the program at the interface (BPF_PROG_TEST_RUN), <see cref="Times"/> at a time.</summary>
internal sealed class JudgedFrame(XdpFilter filter, uint source)
{
    /// <summary>How often it is judged in one call.</summary>
    public const int Times = 1000;

    private readonly byte[] _frame = From(source);

    /// <summary>What the kernel says that one judgement took, nanoseconds; caches are warm.</summary>
    public double Cost()
    {
        Must(filter.Program.TestRun(_frame, Times, out _, out var nanoseconds));
        return nanoseconds;
    }

    /// <summary>Has it judged over and over until it is stopped; how often it was dropped.</summary>
    public Task<long> JudgeUntil(CancellationToken stop) => Task.Run(
        () =>
        {
            var dropped = 0L;
            while (!stop.IsCancellationRequested)
            {
                Must(filter.Program.TestRun(_frame, Times, out var result, out _));
                dropped += result == XdpProgram.Drop ? Times : 0;
            }

            return dropped;
        },
        CancellationToken.None);

    /// <summary>Ends the benchmark where the kernel refuses.</summary>
    public static void Must(EbpfError? error)
    {
        if (error is not null)
        {
            throw new InvalidOperationException(error.Message);
        }
    }

    // Ethernet and an IPv4 header of 46 octets in all, to 192.0.2.1.
    private static byte[] From(uint source)
    {
        var frame = new byte[14 + 46];
        frame[12] = 0x08;
        frame[14] = 0x45;
        frame[17] = 46;
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 + 12), source);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(14 + 16), 0xC0000201);
        return frame;
    }
}
