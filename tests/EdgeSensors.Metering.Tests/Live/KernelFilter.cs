using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>The kernel's own verdict on a frame: a datagram socket with the program attached receives exactly the octets that the program lets in. Needs no rights.</summary>
internal sealed unsafe class KernelFilter : IDisposable
{
    private readonly Socket _receiver = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly Socket _sender = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
    private readonly byte[] _buffer = new byte[1 << 18];

    public KernelFilter(BpfInstruction[] program)
        : this()
    {
        fixed (BpfInstruction* instructions = program)
        {
            var filter = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
            _receiver.SetRawSocketOption(LibC.LevelSocket, LibC.AttachFilter, MemoryMarshal.AsBytes(new ReadOnlySpan<LibC.FilterProgram>(ref filter)));
        }
    }

    public KernelFilter(EbpfProgram program)
        : this()
    {
        var descriptor = program.FileDescriptor;
        _receiver.SetRawSocketOption(LibC.LevelSocket, LibC.AttachEbpf, MemoryMarshal.AsBytes(new ReadOnlySpan<int>(ref descriptor)));
    }

    private KernelFilter()
    {
        var address = new UnixDomainSocketEndPoint($"\0edgesensors-test-{Guid.NewGuid():N}");
        _receiver.Bind(address);
        _sender.SendBufferSize = 1 << 20;
        _sender.Connect(address);
    }

    /// <summary>The innermost-header filter in the kernel, or the test is skipped saying why there is none.</summary>
    public static EbpfProgram LoadOrSkip(EbpfInstruction[] instructions)
    {
        if (!EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_test", instructions, out var program, out var error))
        {
            Assert.False(error.Fault == EbpfFault.Rejected, error.VerifierLog.Length > 1500 ? error.VerifierLog[^1500..] : error.VerifierLog);
            Assert.Skip(error.Message);
        }

        return program;
    }

    public ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> frame)
    {
        _sender.Send(frame);
        return _buffer.AsSpan(0, _receiver.Receive(_buffer));
    }

    public void Dispose()
    {
        _sender.Dispose();
        _receiver.Dispose();
    }
}
