using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>The steps by which a packet socket becomes a ring on an interface (packet(7)).</summary>
internal static unsafe class PacketSocket
{
    /// <summary>Makes the ring, version 3, with room for VLAN tags.</summary>
    public static LiveCaptureError? SetUpRing(int socket, LiveCaptureOptions options, int blockCount)
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

    /// <summary>Maps the ring into this process.</summary>
    public static LiveCaptureError? MapRing(int socket, nuint octets, out byte* memory)
    {
        var mapped = LibC.MapMemory(null, octets, LibC.ProtectRead | LibC.ProtectWrite, LibC.MapShared, socket, 0);
        memory = mapped == (void*)-1 ? null : (byte*)mapped;
        return memory is null ? Describe("mapping the packet ring") : null;
    }

    /// <summary>Takes frames for other stations too, while the socket is open.</summary>
    public static LiveCaptureError? BePromiscuous(int socket, int index)
    {
        var request = new LibC.MembershipRequest { InterfaceIndex = index, Type = 1 };
        return LibC.SetSocketOption(socket, LibC.LevelPacket, LibC.PacketAddMembership, &request, (uint)sizeof(LibC.MembershipRequest)) < 0
            ? Describe("switching to promiscuous mode")
            : null;
    }

    /// <summary>Connects the socket to an interface: from here on frames come in.</summary>
    public static LiveCaptureError? Bind(int socket, int index)
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

    /// <summary>The failure that the last system call left behind.</summary>
    public static LiveCaptureError Describe(string doing)
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
