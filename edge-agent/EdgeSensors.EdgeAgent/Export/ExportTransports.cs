using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Opens the way to a destination.</summary>
internal static class ExportTransports
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Opens the transport; the error is one line that says what to do.</summary>
    public static bool TryOpen(ExportSettings settings, TimeProvider clock, [NotNullWhen(true)] out IExportTransport? transport, [NotNullWhen(false)] out ExportError? error)
    {
        var to = settings.Destination;
        transport = null;
        error = null;
        try
        {
            transport = to.Kind switch
            {
                ExportTransportKind.File => new FileTransport(new FileStream(to.Host, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0)),
                ExportTransportKind.Udp => new UdpTransport(new IPEndPoint(Resolve(to.Host), to.Port), new SendPace(settings.MessagesPerSecond, clock)),
                ExportTransportKind.Tcp => OfConnection(Connect(to)),
                _ => OfConnection(Connect(to), settings),
            };
            return true;
        }
        catch (Exception exception) when (exception is AuthenticationException or CryptographicException)
        {
            error = new ExportError("tls", $"{to}: {exception.Message.TrimEnd('.')}");
        }
        catch (SocketException exception) when (exception.SocketErrorCode is SocketError.HostNotFound or SocketError.TryAgain or SocketError.NoData or SocketError.NoRecovery)
        {
            error = new ExportError("resolve", $"{to}: no such host; check the name, or give the address");
        }
        catch (SocketException exception)
        {
            error = new ExportError("connect", $"{to}: {exception.Message.TrimEnd('.')}; check that the collector listens there and that no firewall is between");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            error = to.Kind == ExportTransportKind.File
                ? new ExportError("output", $"{to}: cannot be written ({exception.Message.TrimEnd('.')})")
                : new ExportError("connect", $"{to}: {exception.Message.TrimEnd('.')}");
        }

        return false;
    }

    private static IPAddress Resolve(string host) =>
        Dns.GetHostAddresses(host) is [var first, ..] ? first : throw new SocketException((int)SocketError.HostNotFound);

    private static Socket Connect(ExportDestination to)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            using var patience = new CancellationTokenSource(Patience);
            socket.ConnectAsync(to.Host, to.Port, patience.Token).AsTask().GetAwaiter().GetResult();
            socket.SendTimeout = (int)Patience.TotalMilliseconds;
            return socket;
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw new SocketException((int)SocketError.TimedOut);
        }
        catch (SocketException)
        {
            socket.Dispose();
            throw;
        }
    }

    private static ConnectionTransport OfConnection(Socket socket) => new(socket, new NetworkStream(socket, ownsSocket: true));

    private static ConnectionTransport OfConnection(Socket socket, ExportSettings settings)
    {
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            socket.ReceiveTimeout = (int)Patience.TotalMilliseconds;
            tls.AuthenticateAsClient(Options(settings));
            socket.ReceiveTimeout = 0;
            return new ConnectionTransport(socket, tls);
        }
        catch (Exception)
        {
            tls.Dispose();
            throw;
        }
    }

    /// <summary>RFC 7011 §11.3: the collector must show a certificate for the name that was given, and may ask for the exporter's.</summary>
    private static SslClientAuthenticationOptions Options(ExportSettings settings)
    {
        var files = settings.Tls;
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = settings.Destination.Host,
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            CertificateChainPolicy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck },
        };
        if (files.Authorities is not null)
        {
            options.CertificateChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            options.CertificateChainPolicy.CustomTrustStore.ImportFromPemFile(files.Authorities);
            if (options.CertificateChainPolicy.CustomTrustStore.Count == 0)
                throw new CryptographicException($"{files.Authorities} holds no PEM certificate");
        }

        if (files.Certificate is not null)
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.Certificate);
            options.ClientCertificateContext = SslStreamCertificateContext.Create(X509Certificate2.CreateFromPemFile(files.Certificate, files.Key), chain, offline: true);
        }

        return options;
    }
}
