using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// Captures an interface's headers, both directions, through an AF_PACKET TPACKET_V3 ring (packet(7)). The kernel cuts each frame where its headers
/// end before a byte of it reaches this process; the filter is locked to the socket (SO_LOCK_FILTER) and cannot be taken off again.
/// Not thread-safe: one reader. Opening needs CAP_NET_RAW, reading does not.
/// </summary>
public sealed unsafe class LiveCapture : IPacketSource, IDisposable
{
    private readonly int _socket;
    private readonly byte* _memory;
    private readonly nuint _memoryOctets;
    private readonly PacketRing _ring;
    private readonly string _interfaceName;
    private readonly int _waitMs;
    private LiveCaptureStatistics _statistics;
    private bool _disposed;

    private LiveCapture(int socket, byte* memory, nuint memoryOctets, PacketRing ring, string interfaceName, int waitMs, LinkType linkType)
    {
        _socket = socket;
        _memory = memory;
        _memoryOctets = memoryOctets;
        _ring = ring;
        _interfaceName = interfaceName;
        _waitMs = waitMs;
        LinkType = linkType;
    }

    /// <summary>How its packets begin: <see cref="LinkType.Ethernet"/>, or <see cref="LinkType.Raw"/> on a PPP or tunnel interface.</summary>
    public LinkType LinkType { get; }

    /// <summary>Why no packets come (the interface is down or gone); null while all is well. A packet that comes again clears it.</summary>
    public LiveCaptureError? Failure { get; private set; }

    /// <summary>The ring's memory, for the tests that look for payload in it.</summary>
    internal ReadOnlySpan<byte> RingMemory => _ring.Memory;

    /// <summary>The socket, for the test that tries to take its filter off.</summary>
    internal int FileDescriptor => _socket;

    /// <summary>Opens an interface of this network namespace.</summary>
    /// <param name="interfaceName">Its name, as <c>ip link</c> shows it.</param>
    /// <param name="options">How to capture it.</param>
    /// <param name="capture">The open capture.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryOpen(
        string interfaceName,
        LiveCaptureOptions options,
        [NotNullWhen(true)] out LiveCapture? capture,
        [NotNullWhen(false)] out LiveCaptureError? error)
    {
        ArgumentNullException.ThrowIfNull(interfaceName);
        ArgumentNullException.ThrowIfNull(options);
        capture = null;
        error = Check(options) ?? (OperatingSystem.IsLinux()
            ? null
            : new LiveCaptureError(LiveCaptureFault.NotSupported, "live capture needs Linux; give a capture file instead"));
        if (error is not null)
        {
            return false;
        }

        var lookup = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketDatagram | LibC.SocketCloseOnExec, 0);
        if (lookup < 0)
        {
            error = Describe("opening a packet socket");
            return false;
        }

        error = LinuxInterface.TryFind(lookup, interfaceName, out var found);
        _ = LibC.Close(lookup);
        return error is null && TryOpen(interfaceName, found, options, out capture, out error);
    }

    private static bool TryOpen(
        string name, LinuxInterface found, LiveCaptureOptions options, out LiveCapture? capture, [NotNullWhen(false)] out LiveCaptureError? error)
    {
        capture = null;

        // Protocol 0: the socket is connected to nothing until it is bound, so no frame can come in before the filter is on.
        var type = found.Link == LinkKind.RawIp ? LibC.SocketDatagram : LibC.SocketRaw;
        var socket = LibC.Socket(LibC.AddressFamilyPacket, type | LibC.SocketCloseOnExec, 0);
        if (socket < 0)
        {
            error = Describe("opening a packet socket");
            return false;
        }

        var blockCount = (int)(((long)options.RingOctets + options.BlockOctets - 1) / options.BlockOctets);
        var octets = (nuint)blockCount * (nuint)options.BlockOctets;
        byte* memory = null;
        error = AttachFilter(socket, HeaderOnlyFilter.Build(found.Link))
            ?? SetUpRing(socket, options, blockCount)
            ?? MapRing(socket, octets, out memory)
            ?? (options.Promiscuous && found.Link == LinkKind.Ethernet ? BePromiscuous(socket, found.Index) : null)
            ?? Bind(socket, found.Index);
        if (error is not null)
        {
            if (memory is not null)
            {
                _ = LibC.UnmapMemory(memory, octets);
            }

            _ = LibC.Close(socket);
            return false;
        }

        var linkType = found.Link == LinkKind.RawIp ? LinkType.Raw : LinkType.Ethernet;
        var ring = new PacketRing(memory, options.BlockOctets, blockCount, linkType);
        capture = new LiveCapture(socket, memory, octets, ring, name, options.WaitMs, linkType);
        return true;
    }

    /// <summary>Whether this kernel and this process can capture at all; null, or why not.</summary>
    public static LiveCaptureError? Probe()
    {
        if (!OperatingSystem.IsLinux())
        {
            return new LiveCaptureError(LiveCaptureFault.NotSupported, "live capture needs Linux; give a capture file instead");
        }

        var socket = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketRaw | LibC.SocketCloseOnExec, 0);
        if (socket < 0)
        {
            return Describe("opening a packet socket");
        }

        var error = AttachFilter(socket, HeaderOnlyFilter.Build(LinkKind.Ethernet)) ?? SetUpRing(socket, new LiveCaptureOptions(), blockCount: 2);
        _ = LibC.Close(socket);
        return error;
    }

    /// <inheritdoc/>
    /// <remarks>Never <see cref="PacketRead.End"/>: an interface that is down says <see cref="PacketRead.Idle"/> with <see cref="Failure"/> until it is up again.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PacketRead Read(ref CapturedPacket packet) => _ring.TryNext(ref packet) ? PacketRead.Packet : Wait(ref packet);

    /// <summary>What the kernel counted since the capture was opened.</summary>
    public LiveCaptureStatistics ReadStatistics()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        LibC.RingStatistics counted;
        var length = (uint)sizeof(LibC.RingStatistics);
        if (LibC.GetSocketOption(_socket, LibC.LevelPacket, LibC.PacketStatistics, &counted, &length) == 0)
        {
            // The kernel starts again from 0 at each reading, and counts a dropped frame in both.
            _statistics = new LiveCaptureStatistics(
                _statistics.Received + counted.Packets - counted.Drops,
                _statistics.Dropped + counted.Drops,
                _statistics.Freezes + counted.Freezes);
        }

        return _statistics;
    }

    /// <summary>Closes the socket and gives the ring back.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ring.Close();
            _ = LibC.UnmapMemory(_memory, _memoryOctets);
            _ = LibC.Close(_socket);
        }
    }

    private PacketRead Wait(ref CapturedPacket packet)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        var descriptor = new LibC.PollDescriptor { FileDescriptor = _socket, Events = LibC.PollIn | LibC.PollError };
        var ready = LibC.Poll(&descriptor, 1, _waitMs);
        if (ready < 0 && Marshal.GetLastPInvokeError() != LibC.ErrorInterrupted)
        {
            Failure = Describe($"waiting for packets on {_interfaceName}");
        }

        if (_ring.TryNext(ref packet))
        {
            Failure = null;
            return PacketRead.Packet;
        }

        if (ready > 0 && (descriptor.Returned & ~LibC.PollIn) != 0)
        {
            Failure = PendingError();
        }

        return PacketRead.Idle;
    }

    private LiveCaptureError PendingError()
    {
        var code = 0;
        uint length = sizeof(int);
        _ = LibC.GetSocketOption(_socket, LibC.LevelSocket, LibC.SocketError, &code, &length);
        return code is 100 or 19 or 6 // ENETDOWN, ENODEV, ENXIO
            ? new LiveCaptureError(LiveCaptureFault.InterfaceDown, $"interface {_interfaceName} is down; bring it up with: ip link set {_interfaceName} up")
            : new LiveCaptureError(LiveCaptureFault.Refused, $"reading {_interfaceName} failed: {Marshal.GetPInvokeErrorMessage(code)}");
    }

    private static LiveCaptureError? Check(LiveCaptureOptions options)
    {
        return options.RingOctets is < 1 << 20 or > 1 << 30 ? Bad("the ring is between 1 MiB and 1 GiB")
            : options.BlockOctets is < 64 << 10 or > 4 << 20 || !BitOperations.IsPow2(options.BlockOctets) ? Bad("a block is a power of two from 64 KiB to 4 MiB")
            : options.WaitMs is < 0 or > 60_000 ? Bad("the waiting time is between 0 and 60000 ms")
            : options.BlockTimeoutMs is < 1 or > 1000 ? Bad("the block timeout is between 1 and 1000 ms")
            : null;

        static LiveCaptureError Bad(string rule) => new(LiveCaptureFault.BadOption, rule);
    }

    private static LiveCaptureError? AttachFilter(int socket, BpfInstruction[] program)
    {
        fixed (BpfInstruction* instructions = program)
        {
            var filter = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
            var on = 1;
            return LibC.SetSocketOption(socket, LibC.LevelSocket, LibC.AttachFilter, &filter, (uint)sizeof(LibC.FilterProgram)) < 0
                || LibC.SetSocketOption(socket, LibC.LevelSocket, LibC.LockFilter, &on, sizeof(int)) < 0
                ? Describe("attaching the filter that keeps payload out")
                : null;
        }
    }

    private static LiveCaptureError? SetUpRing(int socket, LiveCaptureOptions options, int blockCount)
    {
        const int FrameOctets = 2048; // of no meaning to TPACKET_V3, which packs frames, but checked
        var (version, reserve) = (2, PacketRing.TagOctets);
        if (LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketVersion, &version, sizeof(int)) < 0)
        {
            return new LiveCaptureError(LiveCaptureFault.NotSupported, "this kernel has no TPACKET_V3; use Linux 3.2 or newer with CONFIG_PACKET");
        }

        if (LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketReserve, &reserve, sizeof(int)) < 0)
        {
            return Describe("reserving room for VLAN tags");
        }

        var request = new LibC.RingRequest
        {
            BlockSize = (uint)options.BlockOctets,
            BlockCount = (uint)blockCount,
            FrameSize = FrameOctets,
            FrameCount = (uint)(options.BlockOctets / FrameOctets * blockCount),
            RetireBlockTimeoutMs = (uint)options.BlockTimeoutMs,
        };
        return LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketReceiveRing, &request, (uint)sizeof(LibC.RingRequest)) < 0
            ? Describe("making the packet ring")
            : null;
    }

    private static LiveCaptureError? MapRing(int socket, nuint octets, out byte* memory)
    {
        var mapped = LibC.MapMemory(null, octets, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapShared, socket, 0);
        memory = mapped == (void*)-1 ? null : (byte*)mapped;
        return memory is null ? Describe("mapping the packet ring") : null;
    }

    private static LiveCaptureError? BePromiscuous(int socket, int index)
    {
        var request = new LibC.MembershipRequest { InterfaceIndex = index, Type = 1 };
        return LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketAddMembership, &request, (uint)sizeof(LibC.MembershipRequest)) < 0
            ? Describe("switching to promiscuous mode")
            : null;
    }

    private static LiveCaptureError? Bind(int socket, int index)
    {
        const ushort AllProtocolsBigEndian = 0x0300; // htons(ETH_P_ALL)
        var address = new LibC.LinkAddress
        {
            Family = LibC.AddressFamilyPacket,
            ProtocolBigEndian = AllProtocolsBigEndian,
            InterfaceIndex = index,
        };
        return LibC.Bind(socket, &address, (uint)sizeof(LibC.LinkAddress)) < 0 ? Describe("binding to the interface") : null;
    }

    private static LiveCaptureError Describe(string doing)
    {
        var code = Marshal.GetLastPInvokeError();
        return code switch
        {
            1 or 13 => new LiveCaptureError( // EPERM, EACCES
                LiveCaptureFault.NotPermitted,
                $"{doing} needs CAP_NET_RAW; run as root, or with AmbientCapabilities=CAP_NET_RAW in the systemd unit"),
            93 or 94 or 97 => new LiveCaptureError( // EPROTONOSUPPORT, ESOCKTNOSUPPORT, EAFNOSUPPORT
                LiveCaptureFault.NotSupported, "this kernel has no packet sockets (CONFIG_PACKET)"),
            12 => new LiveCaptureError(LiveCaptureFault.NoMemory, $"{doing} failed for want of memory; choose a smaller ring"), // ENOMEM
            19 or 6 => new LiveCaptureError(LiveCaptureFault.NoSuchInterface, $"{doing} failed: the interface is gone"), // ENODEV, ENXIO
            _ => new LiveCaptureError(LiveCaptureFault.Refused, $"{doing} failed: {Marshal.GetPInvokeErrorMessage(code)}"),
        };
    }
}
