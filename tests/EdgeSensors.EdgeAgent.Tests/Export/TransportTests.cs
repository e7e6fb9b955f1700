using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Tests;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Export;

/// <summary>The ways out: RFC 7011 §10 and §11, RFC 5655; and one line where there is none.</summary>
public sealed class TransportTests : IDisposable
{
    private const string Mixed = "flows-ipfixprobe/ipfixprobe/functional__inputs__mixed.pcap";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("export");
    private readonly X509Certificate2 _authority = Authority("CN=collectors");

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public void A_file_is_what_the_collector_and_tshark_read()
    {
        var capture = ExportRig.Capture(Mixed);
        var path = Path.Combine(_folder.FullName, "flows.ipfix");
        Assert.Equal((ExitCode.Ok, ""), Without(ExportRig.Send(capture, "file:" + path, biflows: true)));
        AssertWhole(capture, File.ReadAllBytes(path));

        var text = OtherProgram.Run(OtherProgram.FindOrSkip("tshark", "tshark"), "-r", path, "-V");
        Assert.Contains("Cisco NetFlow/IPFIX", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Malformed", text, StringComparison.Ordinal);
        Assert.DoesNotContain("no template found", text, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_connection_carries_every_message()
    {
        var capture = ExportRig.Capture(Mixed);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = ReceiveAsync(listener, static stream => Task.FromResult(stream));
        Assert.Equal((ExitCode.Ok, ""), Without(ExportRig.Send(capture, $"tcp://localhost:{Port(listener)}")));
        AssertWhole(capture, await received);
    }

    [Fact]
    public async Task Tls_carries_every_message_between_ends_that_know_each_other()
    {
        var capture = ExportRig.Capture(Mixed);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = ReceiveAsync(listener, Server("localhost"));
        Assert.Equal((ExitCode.Ok, ""), Without(ExportRig.Send(capture, $"tls://localhost:{Port(listener)}", tls: Files(_authority, "CN=gateway"))));
        AssertWhole(capture, await received);
    }

    [Theory]
    [InlineData("localhost", false, true)]
    [InlineData("collector.example", true, true)]
    [InlineData("localhost", true, false)]
    public async Task Tls_with_a_stranger_carries_nothing(string collector, bool knowsAuthority, bool hasCertificate)
    {
        var capture = ExportRig.Capture(Mixed);
        using var other = Authority("CN=others");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var received = ReceiveAsync(listener, Server(collector));
        var files = Files(knowsAuthority ? _authority : other, "CN=gateway");
        var (exit, _, errors) = ExportRig.Send(capture, $"tls://localhost:{Port(listener)}", tls: hasCertificate ? files : files with { Certificate = null, Key = null });
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Matches(@"^error\[(tls|output|connect)\]: tls://localhost:\d+: [^\n]+\n$", errors);
        Assert.Empty(await NothingOrAllAsync(received));
    }

    [Fact]
    public async Task A_collector_that_hangs_up_is_told_in_one_line()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var hungUp = HangUpAsync(listener);
        var (exit, _, errors) = ExportRig.Send(ExportRig.Capture(Mixed), $"tcp://127.0.0.1:{Port(listener)}");
        await hungUp;
        Assert.Equal(ExitCode.Failed, exit);
        Assert.Matches(@"^error\[output\]: tcp://127\.0\.0\.1:\d+: [^\n]+; what was sent is incomplete\n$", errors);
    }

    [Fact]
    public void A_full_disk_is_told_in_one_line()
    {
        var (exit, _, errors) = ExportRig.Send(ExportRig.Capture(Mixed), "file:/dev/full");
        Assert.Equal(ExitCode.Failed, exit);
        Assert.StartsWith("error[output]: file:/dev/full: ", errors, StringComparison.Ordinal);
        Assert.Equal(1, errors.Count(letter => letter == '\n'));
    }

    [Fact]
    public void Nobody_listening_is_told_in_one_line()
    {
        int port;
        using (var probe = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            probe.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)probe.LocalEndPoint!).Port;
        }

        var capture = ExportRig.Capture(Mixed);
        Assert.Matches(@"^error\[connect\]: tcp://127\.0\.0\.1:\d+: [^\n]+\n$", ExportRig.Send(capture, $"tcp://127.0.0.1:{port}").Errors);
        Assert.Matches(@"^error\[not-sent\]: udp://127\.0\.0\.1:\d+: nothing listens there[^\n]+\n$", ExportRig.Send(capture, $"udp://127.0.0.1:{port}").Errors);
        Assert.Matches(@"^error\[output\]: file:/nowhere/at-all: [^\n]+\n$", ExportRig.Send(capture, "file:/nowhere/at-all").Errors);
        Assert.Matches(
            @"^error\[tls\]: tls://127\.0\.0\.1:\d+: [^\n]+\n$|^error\[connect\]: [^\n]+\n$", ExportRig.Send(capture, $"tls://127.0.0.1:{port}", tls: new ExportTlsFiles("/nowhere/ca.pem", null, null)).Errors);
    }

    [Fact]
    public void A_pace_lets_a_burst_go_and_then_one_at_a_time()
    {
        var clock = new FakeTimeProvider();
        var pace = new SendPace(100, clock);
        for (var message = 0; message < SendPace.Burst; message++)
            Assert.Equal(TimeSpan.Zero, pace.Take());
        for (var message = 0; message < 10_000; message++)
        {
            var wait = pace.Take();
            Assert.InRange(wait.TotalMilliseconds, 9.9, 10.1);
            clock.Advance(wait);
        }

        // However long nothing was sent, no more than a burst is saved up.
        clock.Advance(TimeSpan.FromHours(1));
        Assert.Equal(SendPace.Burst, Enumerable.Range(0, 100).Count(_ => pace.Take() == TimeSpan.Zero));
        Assert.Equal(TimeSpan.Zero, new SendPace(0, clock).Take());
    }

    [Theory]
    [InlineData("udp://192.0.2.1", ExportTransportKind.Udp, "192.0.2.1", 4739)]
    [InlineData("udp://[2001:db8::1]:9995", ExportTransportKind.Udp, "2001:db8::1", 9995)]
    [InlineData("tcp://collector.example:4739/", ExportTransportKind.Tcp, "collector.example", 4739)]
    [InlineData("tls://collector.example", ExportTransportKind.Tls, "collector.example", 4740)]
    [InlineData("file:a b.ipfix", ExportTransportKind.File, "a b.ipfix", 0)]
    internal void A_destination_is_read(string text, ExportTransportKind kind, string host, int port)
    {
        Assert.True(ExportDestination.TryParse(text, out var destination));
        Assert.Equal(new ExportDestination(kind, host, port), destination);
    }

    [Theory]
    [InlineData("")]
    [InlineData("192.0.2.1:4739")]
    [InlineData("http://collector.example")]
    [InlineData("udp://")]
    [InlineData("udp://host:0")]
    [InlineData("udp://host:70000")]
    [InlineData("udp://host/path")]
    [InlineData("udp://host?rate=1")]
    [InlineData("tcp://me:secret@host")]
    [InlineData("file:")]
    public void What_is_no_destination_is_refused(string text) => Assert.False(ExportDestination.TryParse(text, out _));

    private static (int Exit, string Errors) Without((int Exit, string Text, string Errors) run) => (run.Exit, run.Errors);

    private static int Port(TcpListener listener) => ((IPEndPoint)listener.LocalEndpoint).Port;

    private static void AssertWhole(string capture, byte[] messages)
    {
        var metered = ExportRig.Metered(capture);
        var totals = ExportRig.Collected(messages);
        Assert.Equal((metered.Sum(record => record.PacketCount), metered.Sum(record => record.OctetCount)), (totals.PacketCount, totals.OctetCount));
        Assert.True(totals.PacketCount > 0);
    }

    private static async Task<byte[]> ReceiveAsync(TcpListener listener, Func<Stream, Task<Stream>> wrap)
    {
        using var client = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        await using var stream = await wrap(client.GetStream());
        using var received = new MemoryStream();
        await stream.CopyToAsync(received, TestContext.Current.CancellationToken);
        return received.ToArray();
    }

    private static async Task<byte[]> NothingOrAllAsync(Task<byte[]> received)
    {
        try
        {
            return await received;
        }
        catch (Exception exception) when (exception is IOException or AuthenticationException)
        {
            return [];
        }
    }

    private static async Task HangUpAsync(TcpListener listener)
    {
        using var socket = await listener.AcceptSocketAsync(TestContext.Current.CancellationToken);
        await socket.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken);
        socket.LingerState = new LingerOption(true, 0);
    }

    private Func<Stream, Task<Stream>> Server(string name) => async stream =>
    {
        using var certificate = Issue(_authority, "CN=" + name, name);
        var tls = new SslStream(stream);
        await tls.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificate = certificate,
                ClientCertificateRequired = true,
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { _authority }, RevocationMode = X509RevocationMode.NoCheck },
            },
            TestContext.Current.CancellationToken);
        return tls;
    };

    /// <summary>The authority that the exporter believes, and its own certificate, which the collectors' authority made in any case.</summary>
    private ExportTlsFiles Files(X509Certificate2 believed, string subject)
    {
        var (ca, own, key) = (Path.Combine(_folder.FullName, "ca.pem"), Path.Combine(_folder.FullName, "own.pem"), Path.Combine(_folder.FullName, "own.key"));
        using var certificate = Issue(_authority, subject, null);
        using var secret = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(ca, believed.ExportCertificatePem());
        File.WriteAllText(own, certificate.ExportCertificatePem());
        File.WriteAllText(key, secret.ExportPkcs8PrivateKeyPem());
        return new ExportTlsFiles(ca, own, key);
    }

    private static X509Certificate2 Authority(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string subject, string? dnsName)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        if (dnsName is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(dnsName);
            request.CertificateExtensions.Add(names.Build());
        }

        using var issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }
}
