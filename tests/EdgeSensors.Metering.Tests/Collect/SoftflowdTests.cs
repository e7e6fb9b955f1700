using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;
using EdgeSensors.Tests;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>A real exporter (softflowd) over a real socket, and a real collector (nfcapd, nfdump) given the very same datagrams: the totals are equal.</summary>
public sealed class SoftflowdTests
{
    [Theory]
    [InlineData("5", false, ExportFormat.NetFlow5)]
    [InlineData("9", false, ExportFormat.NetFlow9)]
    [InlineData("10", false, ExportFormat.Ipfix)]
    [InlineData("10", true, ExportFormat.Ipfix)]
    public async Task Totals_equal_those_of_nfdump(string version, bool biflows, ExportFormat format)
    {
        var softflowd = OtherProgram.FindOrSkip("softflowd", "softflowd");
        using var nfcapd = await NfdumpCollector.StartOrSkip(TestContext.Current.CancellationToken);
        var capture = Path.Combine(Corpus.Captures, "flows-ipfixprobe", "ipfixprobe", "functional__inputs__mixed.pcap");
        var datagrams = await Export(softflowd, capture, version, biflows);
        Assert.NotEmpty(datagrams);

        using (var socket = new UdpClient())
        {
            foreach (var datagram in datagrams)
                await socket.SendAsync(datagram, new IPEndPoint(IPAddress.Loopback, nfcapd.Port), TestContext.Current.CancellationToken);
        }

        var (flows, packets, octets, _) = await nfcapd.Summary(TestContext.Current.CancellationToken);

        var rig = new CollectorRig();
        Assert.All(datagrams, datagram => Assert.Equal(CollectStatus.Ok, rig.Add((byte[])datagram.Clone(), new ExporterEndpoint(HostAddress.FromIPv4(0x7F000001), 40000))));
        Assert.All(rig.Flows, flow => Assert.Equal(format, flow.Format));
        Assert.Equal(biflows, rig.Flows.Any(flow => flow.IsBiflow));
        Assert.Equal((flows, packets, octets), (rig.Totals.FlowCount, rig.Totals.PacketCount, rig.Totals.OctetCount));
    }

    private static async Task<List<byte[]>> Export(string softflowd, string capture, string version, bool biflows)
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        using var process = OtherProgram.Start(softflowd, ["-r", capture, "-d", "-6", "-v", version, "-n", $"127.0.0.1:{port}", "-c", "none", .. biflows ? new[] { "-b" } : []]);
        var datagrams = new List<byte[]>();
        while (true)
        {
            var exited = process.HasExited;
            using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            patience.CancelAfter(TimeSpan.FromMilliseconds(500));
            try
            {
                datagrams.Add((await socket.ReceiveAsync(patience.Token)).Buffer);
            }
            catch (OperationCanceledException) when (!TestContext.Current.CancellationToken.IsCancellationRequested)
            {
                // Loopback keeps order: what it sent before it ended is there.
                if (exited)
                    return datagrams;
            }
        }
    }
}
