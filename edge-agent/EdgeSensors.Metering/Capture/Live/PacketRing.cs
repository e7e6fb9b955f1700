using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// Walks the blocks of a TPACKET_V3 ring (linux/if_packet.h; Documentation/networking/packet_mmap.rst). Hot path: no call, no copy and no allocation
/// for a packet; one block's ownership goes to and fro by its status word.
/// </summary>
internal sealed unsafe class PacketRing(byte* memory, int blockOctets, int blockCount, LinkType linkType)
{
    /// <summary>Room before each frame for a VLAN tag that the card took off (PACKET_RESERVE).</summary>
    public const int TagOctets = 4;

    private const uint StatusUser = 1;
    private const uint StatusVlanValid = 1 << 4;
    private const uint StatusVlanTpidValid = 1 << 6;

    private int _block;
    private uint _packetsLeft;
    private byte* _packet;
    private bool _closed;

    /// <summary>The ring's memory, for the tests that look for payload in it.</summary>
    internal ReadOnlySpan<byte> Memory => new(memory, blockOctets * blockCount);

    /// <summary>The next packet, if the kernel has handed one over. Takes the bytes of the one before back.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryNext(ref CapturedPacket packet)
    {
        if (_packetsLeft == 0 && !NextBlock())
        {
            return false;
        }

        var header = (PacketHeader*)_packet;
        _packetsLeft--;
        _packet += header->NextOffset;

        var bytes = (byte*)header + header->MacOffset;
        var (captured, original) = ((int)header->SnapLength, (int)header->Length);
        if ((header->Status & StatusVlanValid) != 0 && linkType == LinkType.Ethernet && captured >= 12)
        {
            bytes = RestoreTag(header, bytes);
            captured += TagOctets;
            original += TagOctets;
        }

        packet.TimestampNs = (header->Seconds * 1_000_000_000L) + header->Nanoseconds;
        packet.LinkType = linkType;
        packet.Data = new Span<byte>(bytes, captured);
        packet.OriginalLength = original;
        return true;
    }

    // Before the addresses are moved 4 bytes towards the reserve: 14 + 4 bytes at most are touched, all behind the packet's own header.
    private static byte* RestoreTag(PacketHeader* header, byte* bytes)
    {
        var tagged = bytes - TagOctets;
        Buffer.MemoryCopy(bytes, tagged, 12, 12);
        var protocol = (header->Status & StatusVlanTpidValid) != 0 ? header->VlanTpid : (ushort)0x8100;
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(tagged + 12, 2), protocol);
        BinaryPrimitives.WriteUInt16BigEndian(new Span<byte>(tagged + 14, 2), (ushort)header->VlanTci);
        return tagged;
    }

    /// <summary>The memory is about to go: no packet comes any more.</summary>
    public void Close()
    {
        _closed = true;
        _packetsLeft = 0;
    }

    private bool NextBlock()
    {
        if (_closed)
        {
            return false;
        }

        if (_packet is not null)
        {
            Volatile.Write(ref Current->Status, 0);
            _packet = null;
            _block = _block + 1 == blockCount ? 0 : _block + 1;
        }

        while ((Volatile.Read(ref Current->Status) & StatusUser) != 0)
        {
            var block = Current;
            if (block->PacketCount > 0)
            {
                _packetsLeft = block->PacketCount;
                _packet = (byte*)block + block->FirstPacketOffset;
                return true;
            }

            Volatile.Write(ref block->Status, 0);
            _block = _block + 1 == blockCount ? 0 : _block + 1;
        }

        return false;
    }

    private BlockHeader* Current => (BlockHeader*)(memory + ((nint)_block * blockOctets));

    // struct tpacket_block_desc with tpacket_hdr_v1
    [StructLayout(LayoutKind.Sequential)]
    private struct BlockHeader
    {
        public uint Version;
        public uint PrivateOffset;
        public uint Status;
        public uint PacketCount;
        public uint FirstPacketOffset;
        public uint Length;
    }

    // struct tpacket3_hdr
    [StructLayout(LayoutKind.Sequential)]
    private struct PacketHeader
    {
        public uint NextOffset;
        public uint Seconds;
        public uint Nanoseconds;
        public uint SnapLength;
        public uint Length;
        public uint Status;
        public ushort MacOffset;
        public ushort NetworkOffset;
        public uint ReceiveHash;
        public uint VlanTci;
        public ushort VlanTpid;
    }
}
