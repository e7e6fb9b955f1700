namespace EdgeSensors.FieldTest.Network;

/// <summary>Puts Ethernet frames on an interface. The frame's own addresses are written over: from this end to the gateway.</summary>
internal sealed class FrameInjector : IDisposable
{
    /// <summary>Octets of the Ethernet header that each frame begins with; what they hold is written over but for the EtherType.</summary>
    public const int HeaderLength = 14;

    private readonly RawSocket _socket;
    private readonly byte[] _addresses;

    private FrameInjector(RawSocket socket, byte[] addresses)
    {
        _socket = socket;
        _addresses = addresses;
    }

    /// <summary>Opens an interface; throws <see cref="NetworkSetupException"/> where the kernel refuses.</summary>
    public static FrameInjector Open(NetworkNamespace place, string interfaceName, byte[] from, byte[] to) =>
        new(RawSocket.Open(place, interfaceName), [.. to, .. from]);

    /// <summary>Sends one frame; false when the kernel did not take it.</summary>
    public bool TrySend(Span<byte> frame)
    {
        _addresses.CopyTo(frame);
        return _socket.TrySend(frame);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
