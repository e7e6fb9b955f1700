using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>The kernel's part of wall 1 for one interface: the filter that cuts each frame, and with several rings what divides frames over them.</summary>
internal sealed class HeaderCut : IDisposable
{
    private readonly LinkKind _link;
    private readonly EbpfProgram? _filter;
    private readonly EbpfProgram? _fanOut;

    private HeaderCut(LinkKind link, EbpfProgram? filter, EbpfProgram? fanOut, EbpfError? limitation)
    {
        (_link, _filter, _fanOut) = (link, filter, fanOut);
        Limitation = limitation?.Message;
    }

    /// <summary>How far the filter follows headers.</summary>
    public HeaderDepth Depth => _filter is null ? HeaderDepth.Outermost : HeaderDepth.Innermost;

    /// <summary>Why not to the innermost; null where it does.</summary>
    public string? Limitation { get; }

    /// <summary>Has the kernel take the innermost filter if it may be; else the classic one will be used.</summary>
    /// <param name="link">The kind of the interface.</param>
    /// <param name="outermostOnly">Whether not to try.</param>
    /// <param name="divides">Whether frames are to be divided over several rings.</param>
    /// <param name="hashKey">Keys how they are divided.</param>
    public static HeaderCut Choose(LinkKind link, bool outermostOnly, bool divides, ulong hashKey)
    {
        if (outermostOnly)
        {
            return new HeaderCut(link, null, null, new EbpfError(EbpfFault.NotSupported, "only outer headers were asked for"));
        }

        if (!EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_headers", InnermostHeaderFilter.Build(link), out var filter, out var error))
        {
            return new HeaderCut(link, null, null, error);
        }

        EbpfProgram? fanOut = null;
        if (divides && !EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_rings", InnermostHeaderFilter.BuildFanOut(link, hashKey), out fanOut, out error))
        {
            filter.Dispose();
            return new HeaderCut(link, null, null, error);
        }

        return new HeaderCut(link, filter, fanOut, null);
    }

    /// <summary>Lets nothing in: what a socket has until it has joined its group, so that no frame comes to two rings.</summary>
    public static bool TryClose(int socket) => AttachClassic(socket, [new BpfInstruction(BpfOpcode.ReturnConstant, 0, 0, 0)]);

    /// <summary>Puts the filter on a socket for good: it cannot be taken off or replaced.</summary>
    public unsafe bool TryAttach(int socket)
    {
        var (descriptor, on) = (_filter?.FileDescriptor ?? -1, 1);
        return (_filter is null
                ? AttachClassic(socket, HeaderOnlyFilter.Build(_link))
                : LibC.SetSocketOption(socket, LibC.LevelSocket, LibC.AttachEbpf, &descriptor, sizeof(int)) == 0)
            && LibC.SetSocketOption(socket, LibC.LevelSocket, LibC.LockFilter, &on, sizeof(int)) == 0;
    }

    /// <summary>Makes a bound socket a member of a group; the first sets how frames are divided.</summary>
    public unsafe bool TryJoin(int socket, ushort group, bool isFirst)
    {
        var join = group | ((_fanOut is null ? LibC.FanOutByClassic : LibC.FanOutByEbpf) << 16);
        if (LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketFanOut, &join, sizeof(int)) < 0)
        {
            return false;
        }

        if (!isFirst)
        {
            return true;
        }

        if (_fanOut is { FileDescriptor: var descriptor })
        {
            return LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketFanOutData, &descriptor, sizeof(int)) == 0;
        }

        var program = OutermostFanOut.Build(_link);
        fixed (BpfInstruction* instructions = program)
        {
            var filter = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
            return LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketFanOutData, &filter, (uint)sizeof(LibC.FilterProgram)) == 0;
        }
    }

    /// <summary>Lets go of the programs; the sockets keep them.</summary>
    public void Dispose()
    {
        _filter?.Dispose();
        _fanOut?.Dispose();
    }

    private static unsafe bool AttachClassic(int socket, BpfInstruction[] program)
    {
        fixed (BpfInstruction* instructions = program)
        {
            var filter = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
            return LibC.SetSocketOption(socket, LibC.LevelSocket, LibC.AttachFilter, &filter, (uint)sizeof(LibC.FilterProgram)) == 0;
        }
    }
}
