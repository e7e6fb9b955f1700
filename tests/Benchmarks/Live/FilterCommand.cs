using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Benchmarks.Live;

/// <summary>
/// <c>filter</c>: what the kernel's filters cost a frame. The eBPF program is run by the kernel itself (BPF_PROG_TEST_RUN); both programs, on a datagram socket pair, as the
/// difference to a filter that keeps a constant.
/// </summary>
internal static class FilterCommand
{
    private const int Repeat = 200_000;
    private const int Sends = 2000;
    private const int Rounds = 60;

    public static Command Create()
    {
        var command = new Command("filter", "What the kernel's header filters cost, by kind of frame.");
        command.SetAction(_ => Run());
        return command;
    }

    private static int Run()
    {
        if (!EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_bench", InnermostHeaderFilter.Build(LinkKind.Ethernet), out var innermost, out var error)
            || !EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_keep", new EbpfAssembler().Move(EbpfRegister.R0, 64).Exit().Assemble(), out var keep, out error))
        {
            Console.Error.WriteLine(error.Message);
            return 1;
        }

        using (innermost)
        using (keep)
        {
            var classic = HeaderOnlyFilter.Build(LinkKind.Ethernet);
            Console.WriteLine($"eBPF {innermost.InstructionCount} instructions, classic {classic.Length}; nanoseconds a frame");
            Console.WriteLine($"{"frame",-28} {"eBPF, test run",15} {"eBPF, socket",15} {"classic, socket",15}");
            using var constant = new Pair(keep);
            using var ebpf = new Pair(innermost);
            using var old = new Pair(classic);
            foreach (var (name, frame) in Frames())
            {
                // A socket filter on trial is shown the packet without its link header, so another is put before the frame's own.
                byte[] packet = [.. new byte[12], 0x08, 0x00, .. frame];
                var alone = innermost.TestRun(packet, Repeat, out _, out var ns) is { } refusal ? refusal.Message : ns.ToString(CultureInfo.InvariantCulture);
                var (nothing, ours, theirs) = (double.MaxValue, double.MaxValue, double.MaxValue);
                for (var round = 0; round < Rounds; round++)
                {
                    nothing = Math.Min(nothing, constant.Measure(frame));
                    ours = Math.Min(ours, ebpf.Measure(frame));
                    theirs = Math.Min(theirs, old.Measure(frame));
                }

                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-28} {alone,15} {ours - nothing,15:0} {theirs - nothing,15:0}"));
            }

            return 0;
        }
    }

    private static IEnumerable<(string Name, byte[] Frame)> Frames()
    {
        byte[] ethernet = [2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
        byte[] tcp = [0x80, 1, 1, 187, 1, 2, 3, 4, 5, 6, 7, 8, 0x50, 0x18, 1, 0, 0, 0, 0, 0, .. new byte[200]];
        byte[] udp = [0x80, 1, 0, 53, 0, 208, 0, 0, .. new byte[200]];
        byte[] inner = [.. ethernet, 0x08, 0x00, .. IPv4(6, tcp)];
        yield return ("TCP", [.. ethernet, 0x08, 0x00, .. IPv4(6, tcp)]);
        yield return ("UDP", [.. ethernet, 0x08, 0x00, .. IPv4(17, udp)]);
        yield return ("IPv6 TCP", [.. ethernet, 0x86, 0xDD, .. IPv6(6, tcp)]);
        yield return ("tagged TCP", [.. ethernet, 0x81, 0, 0, 7, 0x08, 0x00, .. IPv4(6, tcp)]);
        yield return ("IPv6 with options, UDP", [.. ethernet, 0x86, 0xDD, .. IPv6(60, [17, 0, 1, 4, 0, 0, 0, 0, .. udp])]);
        yield return ("TCP in GRE", [.. ethernet, 0x08, 0x00, .. IPv4(47, [0, 0, 0x08, 0, .. IPv4(6, tcp)])]);
        yield return ("TCP in VXLAN", [.. ethernet, 0x08, 0x00, .. IPv4(17, [0xC3, 0x50, 0x12, 0xB5, 1, 30, 0, 0, 8, 0, 0, 0, 0, 0, 7, 0, .. inner])]);
    }

    private static byte[] IPv4(byte protocol, byte[] content) =>
        [0x45, 0, (byte)((20 + content.Length) >> 8), (byte)(20 + content.Length), 0, 7, 0, 0, 64, protocol, 0, 0, 192, 0, 2, 1, 198, 51, 100, 1, .. content];

    private static byte[] IPv6(byte next, byte[] content) =>
        [0x60, 0, 0, 0, (byte)(content.Length >> 8), (byte)content.Length, next, 64, 0x20, 1, 0xD, 0xB8, .. new byte[11], 1, 0x20, 1, 0xD, 0xB8, .. new byte[11], 2, .. content];

    /// <summary>Two connected sockets, the filter on the receiving one.</summary>
    private sealed unsafe class Pair : IDisposable
    {
        private readonly Socket _receiver = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly Socket _sender = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        private readonly byte[] _buffer = new byte[4096];

        public Pair(EbpfProgram program)
            : this()
        {
            var descriptor = program.FileDescriptor;
            _receiver.SetRawSocketOption(LibC.LevelSocket, LibC.AttachEbpf, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(ref descriptor)));
        }

        public Pair(BpfInstruction[] program)
            : this()
        {
            fixed (BpfInstruction* instructions = program)
            {
                var filter = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
                _receiver.SetRawSocketOption(LibC.LevelSocket, LibC.AttachFilter, MemoryMarshal.AsBytes(new ReadOnlySpan<LibC.FilterProgram>(ref filter)));
            }
        }

        private Pair()
        {
            var address = new UnixDomainSocketEndPoint($"\0edgesensors-bench-{Guid.NewGuid():N}");
            _receiver.Bind(address);
            _sender.Connect(address);
        }

        /// <summary>Nanoseconds that a frame takes there and back on average.</summary>
        public double Measure(byte[] frame)
        {
            var clock = Stopwatch.StartNew();
            for (var i = 0; i < Sends; i++)
            {
                _sender.Send(frame);
                _receiver.Receive(_buffer);
            }

            return clock.Elapsed.TotalNanoseconds / Sends;
        }

        public void Dispose()
        {
            _sender.Dispose();
            _receiver.Dispose();
        }
    }
}
