using System.Buffers.Binary;

namespace EdgeSensors.FieldTest.Network;

/// <summary>A packet socket (packet(7), SOCK_RAW) on one interface of a namespace. It belongs to that namespace wherever it is used.</summary>
internal sealed class RawSocket : IDisposable
{
    private const ushort EveryProtocol = 0x0003; // ETH_P_ALL
    private const int PauseMicroseconds = 100_000;

    private readonly int _socket;

    private RawSocket(int socket) => _socket = socket;

    /// <summary>Opens one; throws <see cref="NetworkSetupException"/> where the kernel refuses.</summary>
    /// <param name="place">The namespace.</param>
    /// <param name="interfaceName">The interface.</param>
    /// <param name="carriesAll">
    /// Whether it receives what comes in there, with the kernel's header about checksums and segments still to be made before each frame, and takes that header when it
    /// sends; otherwise it only sends.
    /// </param>
    public static RawSocket Open(NetworkNamespace place, string interfaceName, bool carriesAll = false) => place.Run(() =>
    {
        // Protocol 0: nothing comes in before it is bound.
        var socket = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketRaw | LibC.SocketCloseOnExec, 0);
        Span<byte> address = stackalloc byte[20]; // struct sockaddr_ll
        BinaryPrimitives.WriteUInt16LittleEndian(address, LibC.AddressFamilyPacket);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], carriesAll ? EveryProtocol : (ushort)0);
        BinaryPrimitives.WriteUInt32LittleEndian(address[4..], LibC.InterfaceIndex(interfaceName));
        if (socket < 0 || (carriesAll && !SetUp(socket)) || LibC.Bind(socket, address, address.Length) < 0)
        {
            var error = LibC.LastError();
            _ = socket >= 0 ? LibC.Close(socket) : 0;
            throw new NetworkSetupException($"opening {interfaceName} for frames failed: {error}");
        }

        return new RawSocket(socket);
    });

    /// <summary>Sends one frame; false when the kernel did not take it.</summary>
    public bool TrySend(ReadOnlySpan<byte> frame) => LibC.Send(_socket, frame, (nuint)frame.Length, 0) == frame.Length;

    /// <summary>The next frame's octets; 0 or less after a tenth of a second without one.</summary>
    public int Receive(Span<byte> frame) => (int)LibC.Receive(_socket, frame, (nuint)frame.Length, 0);

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Close(_socket);

    private static bool SetUp(int socket)
    {
        const int SocketLevel = 1, ReceiveTimeout = 20, PacketLevel = 263, VirtualNetHeader = 15, IgnoreOutgoing = 23;
        Span<byte> pause = stackalloc byte[16]; // struct timeval
        BinaryPrimitives.WriteInt64LittleEndian(pause[8..], PauseMicroseconds);
        return LibC.SetOption(socket, SocketLevel, ReceiveTimeout, pause, pause.Length) == 0
            && LibC.SetOption(socket, PacketLevel, VirtualNetHeader, [1, 0, 0, 0], 4) == 0
            && LibC.SetOption(socket, PacketLevel, IgnoreOutgoing, [1, 0, 0, 0], 4) == 0;
    }
}
