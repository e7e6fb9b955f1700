using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>
/// A UDP socket that is read many datagrams at a call (recvmmsg(2)) into memory of its own, and that says what the kernel dropped for want of room in it.
/// One reader.
/// </summary>
internal sealed unsafe partial class DatagramSocket : IDisposable
{
    /// <summary>Datagrams read at a call.</summary>
    public const int Batch = 32;

    private const int DatagramOctets = 65_536;
    private const int AddressOctets = 28; // struct sockaddr_in6, the larger of the two
    private const int LevelSocket = 1;
    private const int ReusePort = 15;
    private const int ReceiveBufferForce = 33;
    private const int AttachReusePortFilter = 51;
    private const int MemoryInfo = 55;
    private const int MemoryInfoDrops = 8; // include/uapi/linux/sock_diag.h, SK_MEMINFO_DROPS
    private const int DoNotWait = 0x40;
    private const int Truncated = 0x20;

    private readonly Socket _socket;
    private readonly byte* _memory;
    private readonly MessageHeader* _headers;

    private DatagramSocket(Socket socket)
    {
        _socket = socket;
        FileDescriptor = (int)socket.Handle;
        var perDatagram = DatagramOctets + sizeof(MessageHeader) + sizeof(Vector) + 32;
        _memory = (byte*)NativeMemory.AllocZeroed((nuint)(perDatagram * Batch));
        _headers = (MessageHeader*)(_memory + (DatagramOctets * Batch));
        var vectors = (Vector*)(_headers + Batch);
        var addresses = (byte*)(vectors + Batch);
        for (var index = 0; index < Batch; index++)
        {
            vectors[index] = new Vector { Base = _memory + (index * DatagramOctets), Length = DatagramOctets };
            _headers[index].Vectors = vectors + index;
            _headers[index].VectorCount = 1;
            _headers[index].Name = addresses + (index * 32);
        }
    }

    public int FileDescriptor { get; }

    public IPEndPoint LocalEndPoint => (IPEndPoint)_socket.LocalEndPoint!;

    /// <summary>What the kernel can hold, in octets by its own accounting (twice what was asked for).</summary>
    public int ReceiveBufferOctets => _socket.ReceiveBufferSize;

    /// <summary>Datagrams that the kernel dropped at this socket for want of room since it was opened; null where the kernel does not say (before Linux 4.12).</summary>
    public long? DroppedCount
    {
        get
        {
            var words = stackalloc uint[MemoryInfoDrops + 1];
            var length = (uint)((MemoryInfoDrops + 1) * sizeof(uint));
            return LibC.GetSocketOption(FileDescriptor, LevelSocket, MemoryInfo, words, &length) == 0 && length == (MemoryInfoDrops + 1) * sizeof(uint)
                ? words[MemoryInfoDrops]
                : null;
        }
    }

    /// <summary>Opens a socket.</summary>
    /// <param name="endPoint">Where.</param>
    /// <param name="shared">Whether others of this process listen there too.</param>
    /// <param name="receiveBufferOctets">What the kernel shall hold.</param>
    /// <param name="socket">The socket.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryOpen(
        IPEndPoint endPoint, bool shared, int receiveBufferOctets, [NotNullWhen(true)] out DatagramSocket? socket, [NotNullWhen(false)] out ListenError? error)
    {
        socket = null;
        var opened = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            if (endPoint.AddressFamily == AddressFamily.InterNetworkV6)
                opened.DualMode = endPoint.Address.Equals(IPAddress.IPv6Any);
            // More than net.core.rmem_max is for who may (CAP_NET_ADMIN); the others get as much as that.
            if (!TrySet(opened, ReceiveBufferForce, receiveBufferOctets))
                opened.ReceiveBufferSize = receiveBufferOctets;
            if (shared)
                TrySet(opened, ReusePort, 1);
            opened.Bind(endPoint);
            error = null;
            socket = new DatagramSocket(opened);
            return true;
        }
        catch (SocketException exception)
        {
            opened.Dispose();
            error = Describe(new ListenUrl(ListenTransport.Udp, endPoint), exception);
            return false;
        }
    }

    public static ListenError Describe(ListenUrl url, SocketException exception) => new(exception.SocketErrorCode switch
    {
        SocketError.AddressAlreadyInUse => $"{url}: another program listens there already; stop it (ss -lnp shows it) or choose another port",
        SocketError.AccessDenied => $"{url}: needs the right to ports below 1024 (CAP_NET_BIND_SERVICE); choose a higher port",
        SocketError.AddressNotAvailable => $"{url}: this machine has no such address (ip -brief address shows those it has)",
        _ => $"{url}: cannot be listened at ({exception.Message.TrimEnd('.')})",
    });

    /// <summary>Lets a program choose which of the sockets of this port gets a datagram; false where the kernel cannot.</summary>
    public bool TrySteer(ReadOnlySpan<BpfInstruction> program)
    {
        fixed (BpfInstruction* instructions = program)
        {
            var attached = new LibC.FilterProgram { Length = (ushort)program.Length, Instructions = (nint)instructions };
            return LibC.SetSocketOption(FileDescriptor, LevelSocket, AttachReusePortFilter, &attached, (uint)sizeof(LibC.FilterProgram)) == 0;
        }
    }

    /// <summary>Reads what has arrived, at most <see cref="Batch"/> datagrams; 0 when nothing has.</summary>
    public int Receive()
    {
        for (var index = 0; index < Batch; index++)
            _headers[index].NameLength = AddressOctets;
        return Math.Max(0, ReceiveMany(FileDescriptor, _headers, Batch, DoNotWait, null));
    }

    /// <summary>A datagram that <see cref="Receive"/> read, until it is called again.</summary>
    public Span<byte> Datagram(int index) => new(_memory + (index * DatagramOctets), (int)Math.Min(_headers[index].Length, DatagramOctets));

    /// <summary>Whether a datagram was longer than any may be.</summary>
    public bool IsCut(int index) => (_headers[index].Flags & Truncated) != 0;

    /// <summary>Who sent it.</summary>
    public ExporterEndpoint From(int index)
    {
        var address = new ReadOnlySpan<byte>(_headers[index].Name, AddressOctets);
        var port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return _headers[index].NameLength >= AddressOctets
            ? new ExporterEndpoint(HostAddress.FromIPv6(address[8..24]), port)
            : new ExporterEndpoint(HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(address[4..])), port);
    }

    public void Dispose()
    {
        _socket.Dispose();
        NativeMemory.Free(_memory);
    }

    private static bool TrySet(Socket socket, int option, int value) =>
        LibC.SetSocketOption((int)socket.Handle, LevelSocket, option, &value, sizeof(int)) == 0;

    [LibraryImport("libc", EntryPoint = "recvmmsg", SetLastError = true)]
    private static partial int ReceiveMany(int fileDescriptor, MessageHeader* headers, uint count, int flags, void* timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct Vector
    {
        public byte* Base;
        public nuint Length;
    }

    /// <summary>struct mmsghdr of recvmmsg(2) on 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct MessageHeader
    {
        public byte* Name;
        public uint NameLength;
        public Vector* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
        private readonly uint _unused;
        public uint Length;
        private readonly uint _padding;
    }
}
