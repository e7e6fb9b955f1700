using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Whether the hub can be reached on both of its ports with the sensor's certificate, and whether both clocks agree.</summary>
/// <param name="target">Where and with what.</param>
/// <param name="time">The clock.</param>
internal sealed class HubCheck(DoctorTarget target, TimeProvider time) : ICheck
{
    private const string Area = "Hub";
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_refusalComesWithin = TimeSpan.FromMilliseconds(300);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (!SensorCertificate.TryRead(target, out var certificate, out _))
        {
            return [new Finding(Area, target.HubHost, Verdict.Fail, "not tried: there is no certificate to show", "mend the certificates first")];
        }

        using (certificate.Certificate)
        {
            return
            [
                .. await TryAsync("MQTT", target.MqttPort, certificate, RefusalAsync, cancellationToken).ConfigureAwait(false),
                .. await TryAsync("HTTPS", target.HttpsPort, certificate, ClockAsync, cancellationToken).ConfigureAwait(false),
            ];
        }
    }

    private async Task<IReadOnlyList<Finding>> TryAsync(
        string protocol,
        int port,
        SensorCertificate certificate,
        Func<string, SslStream, CancellationToken, Task<IReadOnlyList<Finding>>> look,
        CancellationToken cancellationToken)
    {
        var where = string.Create(CultureInfo.InvariantCulture, $"{target.HubHost}:{port}");
        string? refusal = null;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            var started = time.GetTimestamp();
            using var client = new TcpClient();
            await client.ConnectAsync(target.HubHost, port, patience.Token).ConfigureAwait(false);
            await using var tls = new SslStream(client.GetStream());
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions
                {
                    TargetHost = target.HubHost,
                    ClientCertificates = [certificate.Certificate],
                    CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
                    RemoteCertificateValidationCallback = (_, presented, _, errors) =>
                        (refusal = Distrust(presented as X509Certificate2, errors, certificate.Authorities)) is null,
                },
                patience.Token).ConfigureAwait(false);
            var elapsed = time.GetElapsedTime(started);
            var found = new Finding(
                Area, protocol, Verdict.Ok, string.Create(CultureInfo.InvariantCulture, $"{where}, {Version(tls.SslProtocol)}, {elapsed.TotalMilliseconds:0} ms"));
            var holds = tls.RemoteCertificate is X509Certificate2 remote
                ? CertificateCheck.Holds($"{protocol} certificate", remote, time.GetUtcNow(), "have the hub's operator renew it", Area)
                : null;
            var more = await look(protocol, tls, patience.Token).ConfigureAwait(false);
            return more.Any(finding => finding.Subject == protocol) ? more : [found, .. holds is null ? (IReadOnlyList<Finding>)[] : [holds], .. more];
        }
        catch (SocketException exception)
        {
            return [Unreachable(protocol, where, exception.SocketErrorCode)];
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return [Failed(protocol, $"{where} does not answer within {s_patience.TotalSeconds:0} s", "see that no firewall between drops it")];
        }
        catch (Exception exception) when (exception is AuthenticationException or IOException)
        {
            return
            [
                refusal is not null
                    ? Failed(protocol, $"{where}: {refusal}", "use the hub's own ca.crt and the name that is in its certificate")
                    : Failed(protocol, $"{where}: the TLS handshake failed ({Innermost(exception)})", "see that this is the hub's port and that the hub knows this sensor"),
            ];
        }
    }

    /// <summary>In TLS 1.3 a client learns only from its first read that its certificate was refused (RFC 8446, 4.4.2.4): the server closes instead of waiting.</summary>
    private static async Task<IReadOnlyList<Finding>> RefusalAsync(string protocol, SslStream tls, CancellationToken cancellationToken)
    {
        using var moment = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        moment.CancelAfter(s_refusalComesWithin);
        try
        {
            _ = await tls.ReadAsync(new byte[1], moment.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return []; // it waits for us to speak: we are let in
        }
        catch (IOException)
        {
            // Closed with an alert.
        }

        return [CertificateRefused(protocol)];
    }

    private async Task<IReadOnlyList<Finding>> ClockAsync(string protocol, SslStream tls, CancellationToken cancellationToken)
    {
        var asked = time.GetUtcNow();
        string answer;
        try
        {
            await tls.WriteAsync(Encoding.ASCII.GetBytes($"HEAD / HTTP/1.1\r\nHost: {target.HubHost}\r\nConnection: close\r\n\r\n"), cancellationToken).ConfigureAwait(false);
            var buffer = new byte[4096];
            var length = await tls.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
            answer = Encoding.ASCII.GetString(buffer, 0, length);
        }
        catch (IOException)
        {
            return [CertificateRefused(protocol)];
        }

        if (!answer.StartsWith("HTTP/1.", StringComparison.Ordinal))
        {
            return [answer.Length == 0 ? CertificateRefused(protocol) : Failed(protocol, "what answers is no HTTPS server", "see that the configured port is the hub's")];
        }

        var date = answer.Split("\r\n").FirstOrDefault(line => line.StartsWith("Date: ", StringComparison.OrdinalIgnoreCase));
        if (date is null || !DateTimeOffset.TryParseExact(date["Date: ".Length..], "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var hub))
        {
            return [];
        }

        // The header has whole seconds, cut.
        var apart = Math.Abs((hub.AddMilliseconds(500) - asked).TotalSeconds);
        var text = string.Create(CultureInfo.InvariantCulture, $"{apart:0} s from this machine's");
        return
        [
            apart <= 2 ? new Finding(Area, "hub's clock", Verdict.Ok, "agrees within 2 s")
                : new Finding(Area, "hub's clock", apart <= 60 ? Verdict.Warn : Verdict.Fail, text, "set both clocks by a time service; see Clock above"),
        ];
    }

    private static string? Distrust(X509Certificate2? presented, SslPolicyErrors errors, X509Certificate2Collection authorities)
    {
        if (presented is null)
        {
            return "the hub showed no certificate";
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return !chain.Build(presented)
            ? chain.ChainStatus.Any(status => status.Status == X509ChainStatusFlags.NotTimeValid)
                ? "the hub's certificate does not hold at this time"
                : "the hub's certificate is not from the configured authority"
            : errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch) ? "the hub's certificate is for another name" : null;
    }

    private static Finding Unreachable(string protocol, string where, SocketError error) => error switch
    {
        SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain => Failed(protocol, $"{where}: no such host name", "see the hub's name in the configuration, and the resolver"),
        SocketError.ConnectionRefused => Failed(protocol, $"{where} refuses connections", "start the hub, or see its port in the configuration"),
        _ => Failed(protocol, $"{where} cannot be reached ({error})", "see the network between here and the hub"),
    };

    private static Finding CertificateRefused(string protocol) =>
        Failed(protocol, "the hub refused this sensor's certificate", "have the hub's operator enrol this sensor: edgesensors-hub sensor add");

    private static Finding Failed(string protocol, string detail, string remedy) => new(Area, protocol, Verdict.Fail, detail, remedy);

    private static string Version(SslProtocols protocol) => protocol switch
    {
        SslProtocols.Tls13 => "TLS 1.3",
        SslProtocols.Tls12 => "TLS 1.2",
        _ => protocol.ToString(),
    };

    private static string Innermost(Exception exception)
    {
        while (exception.InnerException is { } inner)
        {
            exception = inner;
        }

        return exception.Message.Split('\n')[0].TrimEnd('.', '\r');
    }
}
