using System.Diagnostics;
using EdgeSensors.Tests;

namespace EdgeSensors.EdgeAgent.Tests.Commands;

/// <summary>The real program, which reads a pipe that nobody writes to any more: it cannot end in order before its time is up.</summary>
public sealed class TerminationTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(143, Signal.Terminate, null)]
    [InlineData(143, Signal.Terminate, Signal.Terminate)]
    [InlineData(130, Signal.Interrupt, Signal.Interrupt)]
    [InlineData(130, Signal.Terminate, Signal.Interrupt)]
    public async Task A_second_signal_crashes_nothing_and_an_interrupt_while_it_ends_ends_it_at_once(int code, int first, int? then)
    {
        var start = Signal.Hearing(Path.Combine(AppContext.BaseDirectory, "edgesensors-agent"), "meter", "-");
        (start.RedirectStandardInput, start.RedirectStandardOutput, start.RedirectStandardError) = (true, true, true);
        using var agent = Process.Start(start)!;
        try
        {
            // More than a pipe holds: when it is written, the program reads, and so hears signals.
            var stream = agent.StandardInput.BaseStream;
            await stream.WriteAsync(Capture(1 << 18), Token);
            await stream.FlushAsync(Token);
            await agent.EndAsync(first, then, Token);
            Assert.Equal((code, ""), (agent.ExitCode, await agent.StandardError.ReadToEndAsync(Token)));
        }
        finally
        {
            if (!agent.HasExited)
            {
                agent.Kill();
            }
        }
    }

    // pcap, of one Ethernet frame after another without a protocol that is known.
    private static byte[] Capture(int octets)
    {
        const int FrameOctets = 64;
        using var file = new MemoryStream();
        using var writer = new BinaryWriter(file);
        writer.Write(0xa1b2c3d4);
        writer.Write((short)2);
        writer.Write((short)4);
        writer.Write(0L);
        writer.Write(65_535);
        writer.Write(1);
        while (file.Length < octets)
        {
            writer.Write(1);
            writer.Write(0);
            writer.Write(FrameOctets);
            writer.Write(FrameOctets);
            writer.Write(new byte[FrameOctets]);
        }

        return file.ToArray();
    }
}
