using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>The system calls of the ring, with the numbers of Linux on x86-64 and arm64 (they agree).</summary>
internal static partial class LibC
{
    public const int AddressFamilyPacket = 17;
    public const int SocketRaw = 3;
    public const int SocketDatagram = 2;
    public const int SocketCloseOnExec = 0x80000;

    public const int LevelSocket = 1;
    public const int SocketError = 4;
    public const int AttachFilter = 26;
    public const int LockFilter = 44;
    public const int AttachEbpf = 50;

    public const int LevelPacket = 263;
    public const int PacketAddMembership = 1;
    public const int PacketReceiveRing = 5;
    public const int PacketStatistics = 6;
    public const int PacketVersion = 10;
    public const int PacketReserve = 12;
    public const int PacketFanOut = 18;
    public const int PacketFanOutData = 22;

    /// <summary>linux/if_packet.h, PACKET_FANOUT_CBPF and PACKET_FANOUT_EBPF.</summary>
    public const int FanOutByClassic = 6;
    public const int FanOutByEbpf = 7;

    public const uint GetInterfaceFlags = 0x8913;
    public const uint GetHardwareAddress = 0x8927;
    public const uint GetInterfaceIndex = 0x8933;
    public const uint EthernetTool = 0x8946;

    public const int ProtectRead = 1;
    public const int ProtectWrite = 2;
    public const int MapShared = 1;

    public const short PollIn = 1;
    public const short PollError = 8;

    public const int ErrorInterrupted = 4;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollDescriptor
    {
        public int FileDescriptor;
        public short Events;
        public short Returned;
    }

    /// <summary>linux/filter.h, <c>struct sock_fprog</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FilterProgram
    {
        public ushort Length;
        public nint Instructions;
    }

    /// <summary>linux/if_packet.h, <c>struct tpacket_req3</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RingRequest
    {
        public uint BlockSize;
        public uint BlockCount;
        public uint FrameSize;
        public uint FrameCount;
        public uint RetireBlockTimeoutMs;
        public uint PrivateSize;
        public uint Features;
    }

    /// <summary>linux/if_packet.h, <c>struct tpacket_stats_v3</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RingStatistics
    {
        public uint Packets;
        public uint Drops;
        public uint Freezes;
    }

    /// <summary>linux/if_packet.h, <c>struct sockaddr_ll</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkAddress
    {
        public ushort Family;
        public ushort ProtocolBigEndian;
        public int InterfaceIndex;
        public ushort HardwareType;
        public byte PacketType;
        public byte AddressLength;
        public uint AddressLow;
        public uint AddressHigh;
    }

    /// <summary>linux/if_packet.h, <c>struct packet_mreq</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MembershipRequest
    {
        public int InterfaceIndex;
        public ushort Type;
        public ushort AddressLength;
        public ulong Address;
    }

    /// <summary>net/if.h, <c>struct ifreq</c>: a 16-byte name and a 24-byte union, of which its first 32 bits are read.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct InterfaceRequest
    {
        public fixed byte Name[16];
        public uint Value;
        private fixed byte _rest[20];
    }

    /// <summary>net/if.h, <c>struct ifreq</c> with a pointer in its union.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal unsafe struct InterfacePointerRequest
    {
        public fixed byte Name[16];
        public void* Data;
        private fixed byte _rest[16];
    }

    /// <summary>linux/ethtool.h, <c>struct ethtool_value</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct EthernetToolValue
    {
        public uint Command;
        public uint Data;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int fileDescriptor);

    [LibraryImport("libc", EntryPoint = "setsockopt", SetLastError = true)]
    internal static unsafe partial int SetSocketOption(int fileDescriptor, int level, int name, void* value, uint length);

    [LibraryImport("libc", EntryPoint = "getsockopt", SetLastError = true)]
    internal static unsafe partial int GetSocketOption(int fileDescriptor, int level, int name, void* value, uint* length);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    internal static unsafe partial int Bind(int fileDescriptor, void* address, uint length);

    // ioctl is variadic; a pointer in the third place is passed as any other on Linux's x86-64 and arm64 conventions.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static unsafe partial int IoControl(int fileDescriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static unsafe partial int Poll(PollDescriptor* descriptors, nuint count, int timeoutMs);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static unsafe partial void* MapMemory(void* address, nuint length, int protection, int flags, int fileDescriptor, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    internal static unsafe partial int UnmapMemory(void* address, nuint length);
}
