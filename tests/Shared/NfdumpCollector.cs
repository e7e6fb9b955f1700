using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace EdgeSensors.Tests;

/// <summary>nfcapd on a free port of loopback, and nfdump on what it took.</summary>
internal sealed partial class NfdumpCollector : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("nfcapd");
    private readonly Process _process;
    private readonly string _nfdump;

    private NfdumpCollector(string nfcapd, string nfdump)
    {
        _nfdump = nfdump;
        using (var probe = new UdpClient(new IPEndPoint(IPAddress.Loopback, 0)))
            Port = ((IPEndPoint)probe.Client.LocalEndPoint!).Port;
        _process = OtherProgram.Start(nfcapd, "-w", _folder.FullName, "-p", Port.ToString(CultureInfo.InvariantCulture), "-b", "127.0.0.1", "-t", "3600");
    }

    public int Port { get; }

    public static async Task<NfdumpCollector> StartOrSkip(CancellationToken cancellationToken)
    {
        var made = new NfdumpCollector(OtherProgram.FindOrSkip("nfcapd", "nfdump"), OtherProgram.FindOrSkip("nfdump", "nfdump"));
        await UdpPort.Bound(made.Port, cancellationToken);
        return made;
    }

    /// <summary>Waits until nfcapd has read what was sent, ends it and gives nfdump's summary: flows, packets, octets and sequence failures.</summary>
    public async Task<(long Flows, long Packets, long Octets, long SequenceFailures)> Summary(CancellationToken cancellationToken)
    {
        await UdpPort.Drained(Port, cancellationToken);
        OtherProgram.Run("/bin/kill", "-TERM", _process.Id.ToString(CultureInfo.InvariantCulture));
        await _process.WaitForExitAsync(cancellationToken);
        var summary = OtherProgram.Run(_nfdump, "-R", _folder.FullName, "-I");
        return (Figure("Flows"), Figure("Packets"), Figure("Bytes"), Figure("Sequence failures"));

        long Figure(string name) =>
            long.Parse(Line().Matches(summary).Single(match => match.Groups[1].Value == name).Groups[2].Value, CultureInfo.InvariantCulture);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    [GeneratedRegex("^(Flows|Packets|Bytes|Sequence failures): (\\d+)$", RegexOptions.Multiline)]
    private static partial Regex Line();
}
