using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// Captures an interface's headers, both directions, through an AF_PACKET TPACKET_V3 ring (packet(7)). The kernel cuts each frame where its headers
/// end (<see cref="Depth"/>) before a byte of it reaches this process; the filter is locked to the socket (SO_LOCK_FILTER) and cannot be taken off again.
/// Not thread-safe: one reader. Opening needs CAP_NET_RAW, reading does not.
/// </summary>
public sealed unsafe class LiveCapture : IPacketSource, IDisposable
{
    private const int MinimumRingOctets = 1 << 20;
    private const int MaximumRings = 64;
    private const string AttachingFilter = "attaching the filter that keeps payload out";
    private static readonly LiveCaptureError s_notLinux = new(LiveCaptureFault.NotSupported, "live capture needs Linux; give a capture file instead");

    private readonly int _socket;
    private readonly byte* _memory;
    private readonly nuint _memoryOctets;
    private readonly PacketRing _ring;
    private readonly string _interfaceName;
    private readonly int _interfaceIndex;
    private readonly int _waitMs;
    private LiveCaptureStatistics _statistics;
    private bool _disposed;

    private LiveCapture(int socket, byte* memory, nuint memoryOctets, PacketRing ring, string interfaceName, int interfaceIndex, int waitMs, LinkType linkType)
    {
        _socket = socket;
        _memory = memory;
        _memoryOctets = memoryOctets;
        _ring = ring;
        _interfaceName = interfaceName;
        _interfaceIndex = interfaceIndex;
        _waitMs = waitMs;
        LinkType = linkType;
    }

    /// <summary>How its packets begin: <see cref="LinkType.Ethernet"/>, or <see cref="LinkType.Raw"/> on a PPP or tunnel interface.</summary>
    public LinkType LinkType { get; }

    /// <summary>How far the kernel's filter follows headers.</summary>
    public HeaderDepth Depth { get; private init; }

    /// <summary>Why it does not follow them to the innermost: one line; null where it does.</summary>
    public string? DepthLimitation { get; private init; }

    /// <summary>
    /// Why no packets come; null while all is well. After <see cref="LiveCaptureFault.InterfaceDown"/> a packet that comes again clears it; after
    /// <see cref="LiveCaptureFault.NoSuchInterface"/> none will come, and an interface that appears under the same name is opened anew.
    /// </summary>
    public LiveCaptureError? Failure { get; private set; }

    /// <summary>The ring's memory, for the tests that look for payload in it.</summary>
    internal ReadOnlySpan<byte> RingMemory => _ring.Memory;

    /// <summary>The socket, for the test that tries to take its filter off.</summary>
    internal int FileDescriptor => _socket;

    /// <summary>Opens an interface of this network namespace with one ring.</summary>
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
        ArgumentNullException.ThrowIfNull(options);
        capture = TryOpenRings(interfaceName, options with { Rings = 1 }, out var rings, out error) ? rings[0] : null;
        return capture is not null;
    }

    /// <summary>
    /// Opens an interface of this network namespace with several rings (PACKET_FANOUT), each for a reader of its own. Both directions of a flow, all fragments and
    /// the ICMP errors that refuse it come to the same ring.
    /// </summary>
    /// <param name="interfaceName">Its name, as <c>ip link</c> shows it.</param>
    /// <param name="options">How to capture it.</param>
    /// <param name="captures">The open captures, one a ring.</param>
    /// <param name="error">Why there are none.</param>
    public static bool TryOpenRings(
        string interfaceName,
        LiveCaptureOptions options,
        [NotNullWhen(true)] out IReadOnlyList<LiveCapture>? captures,
        [NotNullWhen(false)] out LiveCaptureError? error)
    {
        ArgumentNullException.ThrowIfNull(interfaceName);
        ArgumentNullException.ThrowIfNull(options);
        captures = null;
        error = Check(options) ?? (OperatingSystem.IsLinux() ? null : s_notLinux);
        if (error is not null)
        {
            return false;
        }

        var lookup = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketDatagram | LibC.SocketCloseOnExec, 0);
        if (lookup < 0)
        {
            error = PacketSocket.Describe("opening a packet socket");
            return false;
        }

        error = LinuxInterface.TryFind(lookup, interfaceName, out var found);
        _ = LibC.Close(lookup);
        if (error is not null)
        {
            return false;
        }

        // The group's number is shared with all other programs on this machine; a number that is taken by a group of another kind is refused.
        Span<byte> random = stackalloc byte[10];
        RandomNumberGenerator.Fill(random);
        var group = BinaryPrimitives.ReadUInt16LittleEndian(random);
        using var cut = HeaderCut.Choose(found.Link, options.OutermostOnly, options.Rings > 1, BinaryPrimitives.ReadUInt64LittleEndian(random[2..]));
        var opened = new List<LiveCapture>();
        while (opened.Count < options.Rings)
        {
            if (Open(interfaceName, found, options, cut, group, opened.Count, out var capture) is { } trouble)
            {
                opened.ForEach(one => one.Dispose());
                error = trouble;
                return false;
            }

            opened.Add(capture!);
        }

        // Only now that every ring is in the group may frames come in, so that none comes to two of them.
        foreach (var one in opened)
        {
            if (options.Rings > 1 && !cut.TryAttach(one._socket))
            {
                error = PacketSocket.Describe(AttachingFilter);
                opened.ForEach(all => all.Dispose());
                return false;
            }
        }

        captures = opened;
        error = null;
        return true;
    }

    private static LiveCaptureError? Open(
        string name, LinuxInterface found, LiveCaptureOptions options, HeaderCut cut, ushort group, int index, out LiveCapture? capture)
    {
        capture = null;

        // Protocol 0: the socket is connected to nothing until it is bound, so no frame can come in before the filter is on.
        var type = found.Link == LinkKind.RawIp ? LibC.SocketDatagram : LibC.SocketRaw;
        var socket = LibC.Socket(LibC.AddressFamilyPacket, type | LibC.SocketCloseOnExec, 0);
        if (socket < 0)
        {
            return PacketSocket.Describe("opening a packet socket");
        }

        var ringOctets = Math.Max(MinimumRingOctets, options.RingOctets / options.Rings);
        var blockCount = (int)(((long)ringOctets + options.BlockOctets - 1) / options.BlockOctets);
        var octets = (nuint)blockCount * (nuint)options.BlockOctets;
        byte* memory = null;
        var alone = options.Rings == 1;
        var error = (alone ? cut.TryAttach(socket) : HeaderCut.TryClose(socket)) ? null : PacketSocket.Describe(AttachingFilter);
        error ??= PacketSocket.SetUpRing(socket, options, blockCount)
            ?? PacketSocket.MapRing(socket, octets, out memory)
            ?? (options.Promiscuous && found.Link == LinkKind.Ethernet ? PacketSocket.BePromiscuous(socket, found.Index) : null)
            ?? PacketSocket.Bind(socket, found.Index)
            ?? (alone || cut.TryJoin(socket, group, index == 0) ? null : PacketSocket.Describe("dividing the packets over several rings"));
        if (error is not null)
        {
            if (memory is not null)
            {
                _ = LibC.UnmapMemory(memory, octets);
            }

            _ = LibC.Close(socket);
            return error;
        }

        var linkType = found.Link == LinkKind.RawIp ? LinkType.Raw : LinkType.Ethernet;
        var ring = new PacketRing(memory, options.BlockOctets, blockCount, linkType);
        capture = new LiveCapture(socket, memory, octets, ring, name, found.Index, options.WaitMs, linkType)
        {
            Depth = cut.Depth,
            DepthLimitation = cut.Limitation,
        };
        return null;
    }

    /// <summary>Whether this kernel and this process can capture at all; null, or why not.</summary>
    /// <param name="depth">How far the filter would follow headers.</param>
    /// <param name="limitation">Why not to the innermost; null where it would.</param>
    public static LiveCaptureError? Probe(out HeaderDepth depth, out string? limitation)
    {
        (depth, limitation) = (HeaderDepth.Outermost, null);
        if (!OperatingSystem.IsLinux())
        {
            return s_notLinux;
        }

        var socket = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketRaw | LibC.SocketCloseOnExec, 0);
        if (socket < 0)
        {
            return PacketSocket.Describe("opening a packet socket");
        }

        using var cut = HeaderCut.Choose(LinkKind.Ethernet, outermostOnly: false, divides: true, hashKey: 1);
        (depth, limitation) = (cut.Depth, cut.Limitation);
        var error = cut.TryAttach(socket) ? null : PacketSocket.Describe(AttachingFilter);
        error ??= PacketSocket.SetUpRing(socket, new LiveCaptureOptions(), blockCount: 2);
        _ = LibC.Close(socket);
        return error;
    }

    /// <inheritdoc/>
    /// <remarks>Never <see cref="PacketRead.End"/>: an interface that is down says <see cref="PacketRead.Idle"/> with <see cref="Failure"/> until it is up again.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public PacketRead Read(ref CapturedPacket packet) => _ring.TryNext(ref packet) ? PacketRead.Packet : Wait(ref packet);

    /// <summary>The next packet, if one is there; does not wait.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryRead(ref CapturedPacket packet) => _ring.TryNext(ref packet);

    /// <summary>What the kernel counted since the capture was opened. May be called beside the reader.</summary>
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
            Failure = PacketSocket.Describe($"waiting for packets on {_interfaceName}");
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

        if (Failure is { Fault: LiveCaptureFault.InterfaceDown } && !IsThere())
        {
            Failure = new LiveCaptureError(LiveCaptureFault.NoSuchInterface, $"interface {_interfaceName} is gone; it is opened again when it comes back");
        }

        return PacketRead.Idle;
    }

    /// <summary>Whether the name still stands for the interface that was opened: one that was removed and made again is another to the kernel.</summary>
    private bool IsThere() => LinuxInterface.TryFind(_socket, _interfaceName, out var found) is null && found.Index == _interfaceIndex;

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
        return options.RingOctets is < MinimumRingOctets or > 1 << 30 ? Bad("the ring is between 1 MiB and 1 GiB")
            : options.BlockOctets is < 64 << 10 or > 4 << 20 || !BitOperations.IsPow2(options.BlockOctets) ? Bad("a block is a power of two from 64 KiB to 4 MiB")
            : options.Rings is < 1 or > MaximumRings ? Bad("there are 1 to 64 rings")
            : options.WaitMs is < 0 or > 60_000 ? Bad("the waiting time is between 0 and 60000 ms")
            : options.BlockTimeoutMs is < 1 or > 1000 ? Bad("the block timeout is between 1 and 1000 ms")
            : null;

        static LiveCaptureError Bad(string rule) => new(LiveCaptureFault.BadOption, rule);
    }
}
