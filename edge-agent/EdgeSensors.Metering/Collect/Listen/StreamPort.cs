using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>A TCP port that IPFIX sessions come to, in the clear or over TLS (RFC 7011 §10.4, §11). Bounded in sessions and in time.</summary>
internal sealed class StreamPort : IDisposable
{
    private readonly ListenUrl _url;
    private readonly ListenOptions _options;
    private readonly StreamSeat _seat;
    private readonly Socket _socket;
    private readonly SslServerAuthenticationOptions? _tls;
    private readonly CancellationTokenSource _stop = new();
    private Task _accepting = Task.CompletedTask;

    private StreamPort(ListenUrl url, ListenOptions options, StreamSeat seat, Socket socket)
    {
        (_url, _options, _seat, _socket) = (url, options, seat, socket);
        if (url.Transport == ListenTransport.Tls)
            _tls = Authentication(options);
    }

    public ListenUrl LocalUrl => _url with { EndPoint = (IPEndPoint)_socket.LocalEndPoint! };

    public static bool TryOpen(ListenUrl url, ListenOptions options, StreamSeat seat, [NotNullWhen(true)] out StreamPort? port, [NotNullWhen(false)] out ListenError? error)
    {
        port = null;
        if (url.Transport == ListenTransport.Tls && (options.ServerCertificate is not { HasPrivateKey: true } || options.ClientAuthorities.Count == 0))
        {
            error = new ListenError($"{url}: needs a certificate with its key, and the authority of the exporters' certificates");
            return false;
        }

        var socket = new Socket(url.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (url.EndPoint.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = url.EndPoint.Address.Equals(IPAddress.IPv6Any);
            // Connections of an agent that was restarted may linger; the port is not theirs any more.
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            socket.Bind(url.EndPoint);
            socket.Listen();
            (port, error) = (new StreamPort(url, options, seat, socket), null);
            return true;
        }
        catch (SocketException exception)
        {
            socket.Dispose();
            error = DatagramSocket.Describe(url, exception);
            return false;
        }
    }

    public void Start() => _accepting = Task.Run(AcceptAsync);

    /// <summary>Takes no more sessions, and ends those that are.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _socket.Dispose();
        _stop.Dispose();
    }

    private static SslServerAuthenticationOptions Authentication(ListenOptions options)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.AddRange(options.ClientAuthorities);
        return new SslServerAuthenticationOptions
        {
            ServerCertificate = options.ServerCertificate,
            ClientCertificateRequired = true,
            CertificateChainPolicy = trust,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        };
    }

    private async Task AcceptAsync()
    {
        var sessions = new List<Task>();
        while (!_stop.IsCancellationRequested)
        {
            Socket accepted;
            try
            {
                accepted = await _socket.AcceptAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException)
            {
                // The peer has gone again, or the process has no more descriptors: not a reason to stop listening, nor to spin.
                await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None).ConfigureAwait(false);
                continue;
            }

            sessions.RemoveAll(session => session.IsCompleted);
            sessions.Add(ServeAsync(accepted));
        }

        await Task.WhenAll(sessions).ConfigureAwait(false);
    }

    private async Task ServeAsync(Socket accepted)
    {
        await Task.Yield();
        using (accepted)
        {
            if (accepted.RemoteEndPoint is not IPEndPoint remote)
                return;
            var from = new ExporterEndpoint(HostAddress.From(remote.Address), (ushort)remote.Port);
            if (!_seat.TryBegin(from))
                return;
            try
            {
                using var stream = new NetworkStream(accepted, ownsSocket: false);
                if (_tls is null)
                    await new StreamSession(stream, from, _seat, _options).RunAsync(_stop.Token).ConfigureAwait(false);
                else
                    await ServeTlsAsync(stream, from).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or SocketException or OperationCanceledException)
            {
                // The exporter has gone, or was silent for too long, or we are to stop: the session is over either way.
                _seat.NoteBroken(exception is OperationCanceledException && !_stop.IsCancellationRequested);
            }
            finally
            {
                _seat.End(from);
            }
        }
    }

    private async Task ServeTlsAsync(NetworkStream stream, ExporterEndpoint from)
    {
        using var tls = new SslStream(stream, leaveInnerStreamOpen: true);
        using (var patience = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token))
        {
            patience.CancelAfter(_options.MessageTimeout);
            try
            {
                await tls.AuthenticateAsServerAsync(_tls!, patience.Token).ConfigureAwait(false);
            }
            catch (AuthenticationException)
            {
                _seat.NoteUntrusted();
                return;
            }
        }

        await new StreamSession(tls, from, _seat, _options).RunAsync(_stop.Token).ConfigureAwait(false);
    }
}
