using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Collect;

/// <summary>A real exporter (softflowd) over a real socket, and a real collector (nfcapd, nfdump) given the very same datagrams: the totals are equal.</summary>
public sealed partial class SoftflowdTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nfcapd");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("5", false, ExportFormat.NetFlow5)]
    [InlineData("9", false, ExportFormat.NetFlow9)]
    [InlineData("10", false, ExportFormat.Ipfix)]
    [InlineData("10", true, ExportFormat.Ipfix)]
    public async Task Totals_equal_those_of_nfdump(string version, bool biflows, ExportFormat format)
    {
        var (softflowd, nfcapd, nfdump) = (Tool("softflowd"), Tool("nfcapd"), Tool("nfdump"));
        var capture = Path.Combine(Corpus.Captures, "flows-ipfixprobe", "ipfixprobe", "functional__inputs__mixed.pcap");
        var datagrams = await Export(softflowd, capture, version, biflows);
        Assert.NotEmpty(datagrams);

        await Collect(nfcapd, datagrams);
        var summary = Run(nfdump, "-R", _folder.FullName, "-I");

        var rig = new CollectorRig();
        Assert.All(datagrams, datagram => Assert.Equal(CollectStatus.Ok, rig.Add((byte[])datagram.Clone(), new ExporterEndpoint(HostAddress.FromIPv4(0x7F000001), 40000))));
        Assert.All(rig.Flows, flow => Assert.Equal(format, flow.Format));
        Assert.Equal(biflows, rig.Flows.Any(flow => flow.IsBiflow));
        Assert.Equal(
            (Figure(summary, "Flows"), Figure(summary, "Packets"), Figure(summary, "Bytes")), (rig.Totals.FlowCount, rig.Totals.PacketCount, rig.Totals.OctetCount));
    }

    private static string Tool(string name)
    {
        foreach (var folder in new[] { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin" })
        {
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }

        Assert.Skip($"{name} is not installed (Debian: apt install softflowd nfdump).");
        return "";
    }

    private static long Figure(string summary, string name) =>
        long.Parse(Line().Matches(summary).Single(match => match.Groups[1].Value == name).Groups[2].Value, CultureInfo.InvariantCulture);

    private static async Task<List<byte[]>> Export(string softflowd, string capture, string version, bool biflows)
    {
        using var socket = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)socket.Client.LocalEndPoint!).Port.ToString(CultureInfo.InvariantCulture);
        using var process = Start(softflowd, ["-r", capture, "-d", "-6", "-v", version, "-n", $"127.0.0.1:{port}", "-c", "none", .. biflows ? new[] { "-b" } : []]);
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

    private async Task Collect(string nfcapd, List<byte[]> datagrams)
    {
        int port;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
            port = ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
        using var process = Start(nfcapd, ["-l", _folder.FullName, "-p", port.ToString(CultureInfo.InvariantCulture), "-b", "127.0.0.1", "-t", "3600"]);
        var bound = $":{port:X4} ";
        for (var tries = 0; tries < 100 && !File.ReadAllText("/proc/net/udp").Contains(bound, StringComparison.Ordinal); tries++)
            await Task.Delay(100, TestContext.Current.CancellationToken);
        using (var socket = new UdpClient())
        {
            foreach (var datagram in datagrams)
                await socket.SendAsync(datagram, new IPEndPoint(IPAddress.Loopback, port), TestContext.Current.CancellationToken);
        }

        // Until its receive queue is empty; then it may be asked to write its file and go.
        for (var tries = 0; tries < 100 && !File.ReadLines("/proc/net/udp").Any(line => line.Contains(bound, StringComparison.Ordinal) && line.Contains(":00000000 00:", StringComparison.Ordinal)); tries++)
            await Task.Delay(50, TestContext.Current.CancellationToken);
        await Task.Delay(300, TestContext.Current.CancellationToken);
        Run("/bin/kill", "-TERM", process.Id.ToString(CultureInfo.InvariantCulture));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private static Process Start(string program, IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    private static string Run(string program, params IEnumerable<string> arguments)
    {
        using var process = Start(program, arguments);
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text;
    }

    [GeneratedRegex("^(Flows|Packets|Bytes): (\\d+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
