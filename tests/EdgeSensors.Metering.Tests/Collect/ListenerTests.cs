using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>Real sockets: what is sent to the listener arrives, whatever the protocol; what is too much, too slow or from a stranger is bounded and counted.</summary>
public sealed class ListenerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("udp://0.0.0.0:4739", ListenTransport.Udp, "0.0.0.0", 4739)]
    [InlineData("udp://127.0.0.1", ListenTransport.Udp, "127.0.0.1", 4739)]
    [InlineData("tcp://[::]:4739", ListenTransport.Tcp, "::", 4739)]
    [InlineData("tls://[2001:db8::1]/", ListenTransport.Tls, "2001:db8::1", 4740)]
    public void A_listening_URL_is_scheme_address_and_port(string text, ListenTransport transport, string address, int port)
    {
        Assert.True(ListenUrl.TryParse(text, out var url, out var error), error);
        Assert.Equal(new ListenUrl(transport, new IPEndPoint(IPAddress.Parse(address), port)), url);
    }

    [Theory]
    [InlineData("")]
    [InlineData("udp://")]
    [InlineData("udp://router.example:4739")]
    [InlineData("udp://0.0.0.0:65536")]
    [InlineData("udp://0.0.0.0:-1")]
    [InlineData("udp://2001:db8::1")]
    [InlineData("udp://[127.0.0.1]:1")]
    [InlineData("http://127.0.0.1:1")]
    [InlineData("127.0.0.1:4739")]
    public void Any_other_text_is_refused_with_an_example(string text)
    {
        Assert.False(ListenUrl.TryParse(text, out _, out var error));
        Assert.Contains("udp://0.0.0.0:4739", error, StringComparison.Ordinal);
    }

    [Fact]
    public void All_four_protocols_are_told_apart_on_one_port()
    {
        using var listener = Open("udp://127.0.0.1:0");
        using var router = Router(listener);
        router.Send(Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray());
        router.Send(ExportMessage.NetFlow9(1000, 1_000_000, 1).Set(0, set => set.Template(256, (8, 4), (2, 4), (1, 4))).Set(256, OneRecord).ToArray());
        router.Send(ExportMessage.NetFlow5(1, 1000, 1_000_000, 0, sampling: 0).Bytes(new byte[48]).ToArray());
        router.Send(SflowSample(new byte[64]));
        var flows = ReadFlows(listener, 4);
        Assert.Equal([ExportFormat.NetFlow5, ExportFormat.NetFlow9, ExportFormat.Ipfix, ExportFormat.Sflow5], flows.Select(flow => flow.Format).Order());
    }

    [Fact]
    public void Payload_in_an_sFlow_sample_is_blank_in_the_listeners_own_memory_once_it_is_read()
    {
        // Wall 1: a filter in the kernel cannot cut samples inside a datagram, so they are blanked as soon as they are read.
        var marker = "no-collector-keeps-this-payload!"u8.ToArray();
        var flows = new FlowList();
        var collector = new FlowCollector(new CollectorOptions(), flows);
        var (url, socket) = OpenSocket();
        using (socket)
        {
            using var router = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            router.SendTo(SflowSample(marker), url);
            Assert.True(SpinWait.SpinUntil(() => socket.Receive() == 1, Patience));
            Assert.True(socket.Datagram(0).IndexOf(marker) > 0, "the marker has arrived");
            collector.Add(socket.From(0), 1, socket.Datagram(0));
            Assert.Equal(-1, socket.Datagram(0).IndexOf(marker.AsSpan(0, 4)));
        }

        var flow = Assert.Single(flows.Flows);
        Assert.Equal(("192.0.2.1", "198.51.100.9", 443), (flow.Source.ToString(), flow.Destination.ToString(), flow.DestinationPort));
    }

    [Fact]
    public void An_exporter_reaches_one_thread_whatever_its_ports_and_the_kernel_chooses_as_the_program_says()
    {
        using var listener = Open("udp://127.0.0.1:0", workers: 4);
        var routers = new List<Socket>();
        for (var exporter = 1; exporter <= 24; exporter++)
        {
            for (var card = 0; card < 4; card++)
            {
                var router = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
                routers.Add(router);
                router.Bind(new IPEndPoint(IPAddress.Parse($"127.0.0.{exporter}"), 0));
                router.SendTo(Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray(), listener.Urls[0].EndPoint);
            }
        }

        Assert.Equal(96, ReadFlows(listener, 96).Count);
        routers.ForEach(router => router.Dispose());
        var seats = listener.Workers.Select(worker => worker.Seat.Collector.Reports(0)).ToList();
        Assert.True(seats.Count(reports => reports.Count > 0) > 1, "more than one thread has work");
        for (var index = 0; index < seats.Count; index++)
            Assert.All(seats[index], report => Assert.Equal(index, SourceSteering.Choose(report.Exporter.Address, 4)));
    }

    [Fact]
    public void An_IPv6_exporter_is_steered_too()
    {
        using var listener = Open("udp://[::1]:0", workers: 3);
        using var router = new Socket(AddressFamily.InterNetworkV6, SocketType.Dgram, ProtocolType.Udp);
        router.SendTo(Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray(), listener.Urls[0].EndPoint);
        Assert.Equal("::1", Assert.Single(ReadFlows(listener, 1)).Exporter.Address.ToString());
        Assert.Single(listener.Workers[SourceSteering.Choose(HostAddress.From(IPAddress.IPv6Loopback), 3)].Seat.Collector.Reports(0));
    }

    [Fact]
    public async Task What_the_kernel_drops_for_want_of_room_is_counted()
    {
        // Nobody takes the flows, so the batches fill, then the thread waits, then the smallest buffer that the kernel gives overflows.
        using var listener = Open("udp://127.0.0.1:0", workers: 1, receiveBuffer: 4096);
        using var router = Router(listener);
        router.Send(Template(ExportMessage.Ipfix(1_000_000, 0)).ToArray());
        var sent = 0;
        for (; sent < 200_000 && listener.Report().KernelDroppedCount is 0; sent++)
            router.Send(ExportMessage.Ipfix(1_000_000, (uint)sent * 20).Set(256, set => { for (var i = 0; i < 20; i++) { OneRecord(set); } }).ToArray());
        Assert.True(listener.Workers[0].Sockets[0].DroppedCount > 0);
        // What was not dropped arrives once somebody takes it, and the exporter's numbers say how much is missing.
        var stopping = listener.StopAsync();
        var flows = new FlowList();
        while (listener.Read(flows, Patience) >= 0)
        {
        }

        await stopping.WaitAsync(Patience, Stop);
        var report = listener.Report();
        Assert.Equal(sent + 1, report.Totals.DatagramCount + report.KernelDroppedCount);
        Assert.Equal(flows.Flows.Count, report.Totals.FlowCount);
        Assert.True(report.Totals.FlowCount < 20L * sent);
    }

    [Fact]
    public void A_port_that_another_listens_at_is_refused_in_one_line_even_with_several_threads()
    {
        using var listener = Open("udp://127.0.0.1:0", workers: 2);
        Assert.False(ExportListener.TryOpen(Options(listener.Urls[0].ToString(), 2), TimeProvider.System, out _, out var error));
        Assert.Contains("another program listens there already", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Templates_are_kept_over_a_restart_with_another_number_of_threads()
    {
        var folder = Directory.CreateTempSubdirectory("templates-");
        using var router = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        router.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using (var first = Open("udp://127.0.0.1:0", workers: 3, folder: folder.FullName))
        {
            router.SendTo(Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray(), first.Urls[0].EndPoint);
            ReadFlows(first, 1);
        }

        using (var second = Open("udp://127.0.0.1:0", workers: 2, folder: folder.FullName))
        {
            router.SendTo(ExportMessage.Ipfix(1_000_001, 1).Set(256, OneRecord).ToArray(), second.Urls[0].EndPoint);
            Assert.Equal(10, Assert.Single(ReadFlows(second, 1)).PacketCount);
            Assert.Equal(0, second.Report().Totals.HeldSetCount);
        }

        folder.Delete(recursive: true);
    }

    [Fact]
    public async Task IPFIX_over_TCP_is_read_message_by_message_however_it_is_cut_and_a_session_takes_its_templates_with_it()
    {
        using var listener = Open("tcp://127.0.0.1:0");
        var octets = Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray().Concat(ExportMessage.Ipfix(1_000_001, 1).Set(256, OneRecord).ToArray()).ToArray();
        using (var exporter = await ConnectAsync(listener))
        {
            foreach (var octet in octets)
                await exporter.GetStream().WriteAsync(new[] { octet }, Stop);
            Assert.Equal(2, ReadFlows(listener, 2).Count);
        }

        using (var exporter = await ConnectAsync(listener))
        {
            await exporter.GetStream().WriteAsync(ExportMessage.Ipfix(1_000_002, 0).Set(256, OneRecord).ToArray(), Stop);
            Assert.True(SpinWait.SpinUntil(() => listener.Report().Totals.HeldSetCount == 1, Patience));
        }

        Assert.Equal(2, listener.Report().Totals.FlowCount);
        Assert.True(SpinWait.SpinUntil(() => listener.Report().Streams is { Open: 0, Opened: 2 }, Patience));
    }

    [Fact]
    public async Task What_is_no_IPFIX_message_ends_its_session_and_is_counted()
    {
        using var listener = Open("tcp://127.0.0.1:0");
        using var exporter = await ConnectAsync(listener);
        await exporter.GetStream().WriteAsync("GET / HTTP/1.1\r\n"u8.ToArray(), Stop);
        await AssertClosedAsync(exporter);
        Assert.Equal(1, listener.Report().Streams.Malformed);
    }

    [Fact]
    public async Task Whoever_sends_a_message_too_slowly_or_opens_too_many_sessions_is_closed()
    {
        using var listener = Open("tcp://127.0.0.1:0", change: options => options with { MessageTimeout = TimeSpan.FromMilliseconds(200), MaxSessionsPerAddress = 1 });
        using var slow = await ConnectAsync(listener);
        await slow.GetStream().WriteAsync(new byte[] { 0, 10, 1 }, Stop);
        Assert.True(SpinWait.SpinUntil(() => listener.Report().Streams.Opened == 1, Patience));
        using (var second = await ConnectAsync(listener))
            await AssertClosedAsync(second);
        await AssertClosedAsync(slow);
        Assert.True(SpinWait.SpinUntil(() => listener.Report().Streams is { Refused: 1, TooSlow: 1, Open: 0 }, Patience));
    }

    [Fact]
    public async Task IPFIX_over_TLS_needs_a_certificate_of_the_exporters_authority()
    {
        using var authority = Authority("exporters");
        using var stranger = Authority("stranger");
        using var server = Issue(authority, "collector");
        using var listener = Open("tls://127.0.0.1:0", change: options => options with { ServerCertificate = server, ClientAuthorities = [authority] });
        var message = Template(ExportMessage.Ipfix(1_000_000, 0)).Set(256, OneRecord).ToArray();
        using (var certificate = Issue(authority, "router"))
        using (var exporter = await ConnectAsync(listener))
        {
            await using var tls = new SslStream(exporter.GetStream());
            await tls.AuthenticateAsClientAsync(Client(certificate, authority), Stop);
            await tls.WriteAsync(message, Stop);
            Assert.Single(ReadFlows(listener, 1));
        }

        foreach (var certificate in new[] { Issue(stranger, "router"), null })
        {
            using var exporter = await ConnectAsync(listener);
            await using var tls = new SslStream(exporter.GetStream());
            await Assert.ThrowsAnyAsync<Exception>(async () =>
            {
                await tls.AuthenticateAsClientAsync(Client(certificate, authority), Stop);
                await tls.WriteAsync(message, Stop);
                Assert.Equal(0, await tls.ReadAsync(new byte[1], Stop));
                throw new IOException("closed");
            });
            certificate?.Dispose();
        }

        Assert.True(SpinWait.SpinUntil(() => listener.Report().Streams.Untrusted == 2, Patience));
        Assert.Equal(1, listener.Report().Totals.FlowCount);
    }

    [Fact]
    public void TLS_without_certificates_is_refused_before_anything_is_opened()
    {
        Assert.False(ExportListener.TryOpen(Options("tls://127.0.0.1:0", 1), TimeProvider.System, out _, out var error));
        Assert.Contains("needs a certificate with its key", error.Message, StringComparison.Ordinal);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static ExportMessage Template(ExportMessage message) => message.Set(2, set => set.Template(256, (8, 4), (2, 4), (1, 4)));

    private static void OneRecord(ExportMessage set) => set.U32(0xC0000201).U32(10).U32(1000);

    private static ListenOptions Options(string url, int workers)
    {
        Assert.True(ListenUrl.TryParse(url, out var parsed, out var error), error);
        return new ListenOptions { Urls = [parsed], Workers = workers };
    }

    private static ExportListener Open(string url, int workers = 2, int receiveBuffer = 1 << 20, string? folder = null, Func<ListenOptions, ListenOptions>? change = null)
    {
        var options = Options(url, workers) with { ReceiveBufferOctets = receiveBuffer, TemplateFolder = folder };
        Assert.True(ExportListener.TryOpen(change?.Invoke(options) ?? options, TimeProvider.System, out var listener, out var error), error?.Message);
        return listener;
    }

    private static (IPEndPoint Url, DatagramSocket Socket) OpenSocket()
    {
        Assert.True(DatagramSocket.TryOpen(new IPEndPoint(IPAddress.Loopback, 0), shared: false, 1 << 20, out var socket, out var error), error?.Message);
        return (socket.LocalEndPoint, socket);
    }

    private static Socket Router(ExportListener listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(listener.Urls[0].EndPoint);
        return socket;
    }

    private static List<ExportedFlow> ReadFlows(ExportListener listener, int count)
    {
        var flows = new FlowList();
        for (var waits = 0; flows.Flows.Count < count && waits < 200; waits++)
            listener.Read(flows, TimeSpan.FromMilliseconds(100));
        Assert.Equal(count, flows.Flows.Count);
        return flows.Flows;
    }

    private static async Task<TcpClient> ConnectAsync(ExportListener listener)
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(listener.Urls[0].EndPoint, Stop);
        return client;
    }

    private static async Task AssertClosedAsync(TcpClient client)
    {
        try
        {
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], Stop));
        }
        catch (IOException)
        {
            // Reset rather than closed: we had sent what nobody read.
        }
    }

    /// <summary>An sFlow v5 datagram with one sample of a TCP segment, payload behind its header.</summary>
    private static byte[] SflowSample(byte[] payload)
    {
        var frame = new byte[54 + payload.Length];
        frame[12] = 8;
        frame[14] = 0x45;
        frame[17] = (byte)(40 + payload.Length);
        frame[23] = 6;
        IPAddress.Parse("192.0.2.1").TryWriteBytes(frame.AsSpan(26), out _);
        IPAddress.Parse("198.51.100.9").TryWriteBytes(frame.AsSpan(30), out _);
        frame[34] = 0xC0;
        (frame[36], frame[37]) = (1, 0xBB);
        (frame[46], frame[47]) = (0x50, 0x18);
        payload.CopyTo(frame, 54);
        uint[] words = [5, 1, 0xC0000201, 0, 1, 1000, 1, 1, 32 + 8 + 16 + (uint)frame.Length, 1, 3, 1024, 99, 0, 3, 4, 1, 1, 16 + (uint)frame.Length, 1, (uint)frame.Length, 0, (uint)frame.Length];
        return [.. words.SelectMany(word => new[] { (byte)(word >> 24), (byte)(word >> 16), (byte)(word >> 8), (byte)word }), .. frame];
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Issue(X509Certificate2 authority, string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var issued = request.Create(authority, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), RandomNumberGenerator.GetBytes(8));
        return issued.CopyWithPrivateKey(key);
    }

    private static SslClientAuthenticationOptions Client(X509Certificate2? certificate, X509Certificate2 authority)
    {
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(authority);
        return new SslClientAuthenticationOptions
        {
            TargetHost = "collector", ClientCertificates = certificate is null ? [] : [certificate], CertificateChainPolicy = trust,
        };
    }
}
