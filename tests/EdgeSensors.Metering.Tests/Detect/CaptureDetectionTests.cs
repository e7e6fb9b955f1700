using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Tests.Live;

namespace EdgeSensors.Metering.Tests.Detect;

/// <summary>What is found in captures that nobody here wrote. Which of them the detectors were made by is in docs/detection.md.</summary>
public sealed class CaptureDetectionTests
{
    /// <summary>Not looked at while the thresholds were chosen.</summary>
    [Theory]
    [InlineData("attacks/curated-pcaps/masscan__tcp_0_1000_20190821.pcap", DetectionKind.PortFanOut, "172.31.15.102")]
    [InlineData("attacks/nDPI/synscan.pcap", DetectionKind.PortFanOut, "172.16.0.8")]
    [InlineData("attacks/Pcaphunt/test__ps-tcp_ack.pcap", DetectionKind.PortFanOut, "10.0.0.135")]
    [InlineData("attacks/sgr/2022__Favilli__tests__hs-icmpScan.pcapng", DetectionKind.AddressFanOut, "10.0.0.128")]
    [InlineData("attacks/sgr/2022__Favilli__tests__hs-tcp_ackPingSweepRand.pcapng", DetectionKind.AddressFanOut, "10.0.0.128")]
    [InlineData("attacks/packet-captures/pkt.TCP.synflood.spoofed.pcap", DetectionKind.Flood, "10.10.10.10")]
    [InlineData("attacks/packet-captures/amp.TCP.reflection.SYNACK.pcap", DetectionKind.ReflectedFlood, "10.10.10.10")]
    [InlineData("attacks/packet-captures/amp.UDP.snmp.src161.pcapng", DetectionKind.ReflectedFlood, "10.10.10.10")]
    public void A_held_out_attack_is_found(string file, DetectionKind kind, string subject) =>
        Assert.Contains(Bench.OfFile(PathOf(file)).Findings, f => f.IsFirst && f.Kind == kind && f.Subject.ToString() == subject);

    [Theory]
    [InlineData("attacks/sgr/2011-2020__2020__BoschiCarliPetri__portScan_1_to_10000.pcapng", DetectionKind.PortFanOut)]
    [InlineData("attacks/maltrail/port_scan.pcap", DetectionKind.PortFanOut)]
    [InlineData("attacks/maltrail/stealth_scan_fin.pcap", DetectionKind.PortFanOut)]
    [InlineData("attacks/maltrail/udp_scan.pcap", DetectionKind.PortFanOut)]
    [InlineData("attacks/sgr/2022__Favilli__tests__hs-udpScan.pcap", DetectionKind.AddressFanOut)]
    [InlineData("attacks/suricata-verify/firewall__tcp-session-syn-flood-drop-precedence__input.pcap", DetectionKind.Flood)]
    [InlineData("attacks/suricata-verify/ipv6-evasion__ipv6-dos-with-ext-headers-5__denial6-5.pcap", DetectionKind.Flood)]
    public void An_attack_that_the_detectors_were_made_by_is_found(string file, DetectionKind kind) =>
        Assert.Contains(Bench.OfFile(PathOf(file)).Findings, f => f.IsFirst && f.Kind == kind);

    [Fact]
    public void Nothing_is_found_in_benign_captures()
    {
        var files = SharedData.Captures().Where(f => f.Contains("/benign/", StringComparison.Ordinal) && Path.GetExtension(f) is ".pcap" or ".pcapng").ToList();
        if (files.Count == 0)
        {
            Assert.Skip("the shared captures are not there");
        }

        Assert.All(files, file => Assert.Empty(Bench.OfFile(file).Findings));
    }

    private static string PathOf(string file)
    {
        var path = SharedData.Captures().Find(f => f.EndsWith("/captures/" + file, StringComparison.Ordinal));
        if (path is null)
        {
            Assert.Skip($"{file} is not in the shared captures");
        }

        return path;
    }
}
