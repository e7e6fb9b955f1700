using System.Net.Security;
using System.Net.Sockets;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// Messages one after the other over a TCP or TLS connection (RFC 7011 §10.4). A collector sends nothing, so all that can be read is that it hung up: under TLS 1.3 it is only so that an exporter learns
/// that its certificate was refused.
/// </summary>
internal sealed class ConnectionTransport : IExportTransport
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly Stream _stream;
    private readonly byte[] _ignored = new byte[256];
    private readonly Task<int> _hangUp;

    /// <summary>Makes a transport.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="stream">What is written to; disposed of, and the socket with it.</param>
    public ConnectionTransport(Socket socket, Stream stream)
    {
        (_socket, _stream) = (socket, stream);
        _hangUp = _stream.ReadAsync(_ignored).AsTask();
    }

    /// <inheritdoc/>
    public bool IsLossy => false;

    /// <summary>A collector must hold a message whole, so it is kept far below what the format allows.</summary>
    public int MaxMessageLength => 16_384;

    /// <inheritdoc/>
    public bool TrySend(ReadOnlySpan<byte> message)
    {
        ThrowIfHungUp();
        _stream.Write(message);
        return true;
    }

    /// <summary>Ends our side and waits until the collector has ended its own, having read all; one that never does is not waited for long.</summary>
    public void Complete()
    {
        ThrowIfHungUp();
        _stream.Flush();
        if (_stream is SslStream tls)
            tls.ShutdownAsync().GetAwaiter().GetResult();
        _socket.Shutdown(SocketShutdown.Send);
        if (Task.WaitAny([_hangUp], Patience) == 0 && _hangUp.IsFaulted)
            ThrowIfHungUp();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _ = _hangUp.ContinueWith(static task => task.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
    }

    private void ThrowIfHungUp()
    {
        if (_hangUp.IsCompleted)
            throw new IOException($"the collector hung up ({_hangUp.Exception?.InnerException?.Message.TrimEnd('.') ?? "without a reason"})");
    }
}
