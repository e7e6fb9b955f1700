using System.Buffers.Binary;

namespace EdgeSensors.FieldTest.Network;

/// <summary>Puts Ethernet frames on an interface (packet(7), SOCK_RAW). The frame's own addresses are written over: from this end to the gateway.</summary>
internal sealed class FrameInjector : IDisposable
{
    /// <summary>Octets of the Ethernet header that each frame begins with; what they hold is written over but for the EtherType.</summary>
    public const int HeaderLength = 14;

    private readonly int _socket;
    private readonly byte[] _addresses;

    private FrameInjector(int socket, byte[] addresses)
    {
        _socket = socket;
        _addresses = addresses;
    }

    /// <summary>Opens an interface; throws <see cref="NetworkSetupException"/> where the kernel refuses.</summary>
    public static FrameInjector Open(NetworkNamespace place, string interfaceName, byte[] from, byte[] to) => place.Run(() =>
    {
        var socket = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketRaw | LibC.SocketCloseOnExec, 0);
        Span<byte> address = stackalloc byte[20]; // struct sockaddr_ll
        BinaryPrimitives.WriteUInt16LittleEndian(address, LibC.AddressFamilyPacket);
        BinaryPrimitives.WriteUInt32LittleEndian(address[4..], LibC.InterfaceIndex(interfaceName));
        if (socket < 0 || LibC.Bind(socket, address, address.Length) < 0)
        {
            throw new NetworkSetupException($"opening {interfaceName} for injection failed: {LibC.LastError()}");
        }

        return new FrameInjector(socket, [.. to, .. from]);
    });

    /// <summary>Sends one frame; false when the kernel did not take it.</summary>
    public bool TrySend(Span<byte> frame)
    {
        _addresses.CopyTo(frame);
        return LibC.Send(_socket, frame, (nuint)frame.Length, 0) == frame.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _ = LibC.Close(_socket);
}
