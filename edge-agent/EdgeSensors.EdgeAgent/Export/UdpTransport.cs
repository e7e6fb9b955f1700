using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Datagrams at a pace, none longer than the path takes (RFC 7011 §10.3.3).</summary>
internal sealed class UdpTransport : IExportTransport
{
    /// <summary>What fits every usual path with some encapsulation on the way.</summary>
    public const int LongestMessage = 1400;

    /// <summary>What any path takes (RFC 7011 §10.3.3).</summary>
    private const int ShortestMessage = 512;

    private const int UdpHeaderLength = 8;
    private const int IPv4HeaderLength = 20;
    private const int IPv6HeaderLength = 40;

    // Linux, bits/in.h: the path's MTU as the kernel knows it for a connected socket.
    private const int LevelIPv4 = 0;
    private const int IPv4Mtu = 14;
    private const int LevelIPv6 = 41;
    private const int IPv6Mtu = 24;

    private readonly Socket _socket;
    private readonly SendPace _pace;
    private readonly bool _ipv6;

    /// <summary>Makes a transport.</summary>
    /// <param name="collector">Where to.</param>
    /// <param name="pace">How fast.</param>
    /// <exception cref="SocketException">There is no way there.</exception>
    public UdpTransport(IPEndPoint collector, SendPace pace)
    {
        _pace = pace;
        _ipv6 = collector.AddressFamily == AddressFamily.InterNetworkV6;
        _socket = new Socket(collector.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            _socket.Connect(collector);
        }
        catch (SocketException)
        {
            _socket.Dispose();
            throw;
        }

        MaxMessageLength = LearnLength();
    }

    /// <inheritdoc/>
    public bool IsLossy => true;

    /// <inheritdoc/>
    public int MaxMessageLength { get; private set; }

    /// <summary>Sends that met "connection refused": nothing listens at the port.</summary>
    public long RefusedCount { get; private set; }

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> message)
    {
        if (_pace.Take() is { Ticks: > 0 } wait)
            Thread.Sleep(wait);
        // An error that an earlier datagram met is told at the next send, which then sends nothing; so one more try.
        return TrySendOnce(message) || TrySendOnce(message);
    }

    /// <inheritdoc/>
    public void Complete()
    {
        // A last refusal may still come.
        if (_socket.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectError))
            RefusedCount++;
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private bool TrySendOnce(ReadOnlySpan<byte> message)
    {
        try
        {
            _socket.Send(message);
            return true;
        }
        catch (SocketException exception)
        {
            if (exception.SocketErrorCode == SocketError.ConnectionRefused)
                RefusedCount++;
            if (exception.SocketErrorCode == SocketError.MessageSize)
                MaxMessageLength = Math.Min(LearnLength(), Math.Max(ShortestMessage, message.Length - 1));
            return false;
        }
    }

    private int LearnLength()
    {
        Span<byte> mtu = stackalloc byte[4];
        try
        {
            _socket.GetRawSocketOption(_ipv6 ? LevelIPv6 : LevelIPv4, _ipv6 ? IPv6Mtu : IPv4Mtu, mtu);
        }
        catch (SocketException)
        {
            return ShortestMessage;
        }

        var room = BinaryPrimitives.ReadInt32LittleEndian(mtu) - (_ipv6 ? IPv6HeaderLength : IPv4HeaderLength) - UdpHeaderLength;
        return Math.Clamp(room, ShortestMessage, LongestMessage);
    }
}
