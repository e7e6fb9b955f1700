using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;

namespace EdgeSensors.Metering.Tests.Detect;

public sealed class FanOutTests
{
    private static readonly HostAddress Attacker = Bench.Ip(9, 0xCB007100);
    private static readonly HostAddress Victim = Bench.Ip(7);

    [Theory]
    [InlineData(TcpControlBits.Syn)]
    [InlineData(TcpControlBits.Fin)]
    [InlineData(TcpControlBits.None)]
    [InlineData(TcpControlBits.Fin | TcpControlBits.Psh | TcpControlBits.Urg)]
    [InlineData(TcpControlBits.Ack)]
    [InlineData(TcpControlBits.Syn, 24)]
    [InlineData(TcpControlBits.Fin | TcpControlBits.Psh, 24)]
    public void Probes_of_many_ports_that_nobody_answers_are_a_scan_though_they_carry_data(TcpControlBits flags, int payload = 0)
    {
        var bench = new Bench();
        for (ushort port = 1; port <= 30; port++)
        {
            bench.Tcp(Attacker, 40_000, Victim, port, flags, payload).Wait(50);
        }

        var finding = Assert.Single(bench.End().Findings, f => f.IsFirst);
        Assert.Equal((DetectionKind.PortFanOut, Attacker), (finding.Kind, finding.Subject));
        Assert.False(finding.SourceProven);
        Assert.Equal(30, bench.Findings[^1].DistinctPorts);
    }

    [Fact]
    public void A_scan_is_told_a_moment_after_its_threshold_and_not_at_its_end()
    {
        var bench = new Bench();
        for (ushort port = 1; port <= 200; port++)
        {
            bench.Tcp(Attacker, 40_000, Victim, port, TcpControlBits.Syn).Wait(100);
        }

        Assert.InRange(bench.Findings[0].DecidedNs - bench.Findings[0].FirstNs, 2_000 * Bench.Ms, 3_200 * Bench.Ms);
        Assert.InRange(bench.Findings.Count, 2, 8);
        Assert.Single(bench.Findings.Select(f => f.EventId).Distinct());
    }

    [Fact]
    public void A_sweep_of_one_port_over_many_addresses_is_a_scan_by_udp_and_icmp_too()
    {
        var udp = new Bench();
        for (uint host = 1; host <= 30; host++)
        {
            udp.Udp(Attacker, 40_000, Bench.Ip(host), 161).Wait(20);
        }

        Assert.Equal(DetectionKind.AddressFanOut, Assert.Single(udp.End().Findings, f => f.IsFirst).Kind);
    }

    [Fact]
    public void Refused_connections_count_like_unanswered_ones()
    {
        var bench = new Bench();
        for (ushort port = 1; port <= 25; port++)
        {
            bench.Tcp(Attacker, 40_000, Victim, port, TcpControlBits.Syn).Wait(1);
            bench.Tcp(Victim, port, Attacker, 40_000, TcpControlBits.Rst | TcpControlBits.Ack).Wait(20);
        }

        Assert.Single(bench.End().Findings, f => f.IsFirst && f.Subject == Attacker);
    }

    [Fact]
    public void A_source_that_continues_a_handshake_is_proven_and_one_that_resets_it_is_not()
    {
        var connecting = new Bench().Conversation(Attacker, 30_000, Victim, 80);
        var resetting = new Bench();
        resetting.Tcp(Attacker, 30_000, Victim, 80, TcpControlBits.Syn, sequence: 10)
            .Tcp(Victim, 80, Attacker, 30_000, TcpControlBits.Syn | TcpControlBits.Ack, sequence: 50, acknowledgement: 11)
            .Tcp(Attacker, 30_000, Victim, 80, TcpControlBits.Rst, sequence: 11);
        foreach (var bench in (Bench[])[connecting, resetting])
        {
            for (ushort port = 1000; port <= 1030; port++)
            {
                bench.Tcp(Attacker, 40_000, Victim, port, TcpControlBits.Syn).Wait(50);
            }

            bench.End();
        }

        Assert.True(connecting.Findings[^1].SourceProven);
        Assert.False(resetting.Findings[^1].SourceProven);
    }

    [Fact]
    public void A_crawler_whose_connections_carry_payload_is_none_though_some_sites_are_dead()
    {
        var bench = new Bench();
        for (uint host = 1; host <= 200; host++)
        {
            bench.Conversation(Attacker, (ushort)(20_000 + host), Bench.Ip(host), 443).Wait(20);
            if (host % 8 == 0)
            {
                bench.Tcp(Attacker, (ushort)(30_000 + host), Bench.Ip(host, 0xC0000200), 443, TcpControlBits.Syn);
            }
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void A_capture_of_bare_handshakes_or_of_first_data_is_none()
    {
        var bench = new Bench();
        for (uint host = 1; host <= 60; host++)
        {
            var server = Bench.Ip(host);
            bench.Tcp(Attacker, (ushort)(20_000 + host), server, 443, TcpControlBits.Syn, sequence: 1)
                .Tcp(server, 443, Attacker, (ushort)(20_000 + host), TcpControlBits.Syn | TcpControlBits.Ack, sequence: 5, acknowledgement: 2)
                .Tcp(Attacker, (ushort)(20_000 + host), server, 443, TcpControlBits.Ack, sequence: 2, acknowledgement: 6)
                .Tcp(Bench.Ip(8, 0xCB007100), (ushort)(20_000 + host), server, 443, TcpControlBits.Ack | TcpControlBits.Psh, payload: 517).Wait(20);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void Peers_that_died_at_as_many_ports_are_none()
    {
        var bench = new Bench();
        for (uint peer = 1; peer <= 200; peer++)
        {
            bench.Udp(Attacker, 51_413, Bench.Ip(peer), (ushort)(1024 + (peer * 211))).Wait(20);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void A_resolver_and_a_server_with_many_clients_are_none()
    {
        var bench = new Bench();
        var server = Bench.Ip(53, 0xCB007100);
        for (uint i = 1; i <= 200; i++)
        {
            // Asked by many, and half of what it sends is seen without the question.
            bench.Udp(server, 53, Bench.Ip(i), (ushort)(30_000 + i));
            bench.Udp(server, (ushort)(40_000 + i), Bench.Ip(i, 0xC0000200), 53).Wait(2).Udp(Bench.Ip(i, 0xC0000200), 53, server, (ushort)(40_000 + i)).Wait(20);
            bench.Conversation(Bench.Ip(i), (ushort)(20_000 + i), server, 443);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void Backscatter_of_a_victim_is_no_scan_by_it()
    {
        var bench = new Bench();
        for (uint i = 1; i <= 200; i++)
        {
            bench.Tcp(Victim, 80, Bench.Ip(i, 0xC0000200), (ushort)(1024 + i), i % 2 == 0 ? TcpControlBits.Syn | TcpControlBits.Ack : TcpControlBits.Rst).Wait(20);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void Multicast_and_broadcast_are_nobody_tried()
    {
        var bench = new Bench();
        for (ushort port = 1; port <= 60; port++)
        {
            bench.Udp(Attacker, 40_000, HostAddress.FromIPv4(0xE00000FB), port).Udp(Attacker, 40_000, HostAddress.FromIPv4(0xFFFFFFFF), port).Wait(20);
        }

        Assert.Empty(bench.End().Findings);
    }

    [Fact]
    public void Only_the_flows_of_a_scanner_are_picked_those_from_before_the_alert_included()
    {
        var bench = new Bench();
        for (ushort port = 1; port <= 40; port++)
        {
            bench.Tcp(Attacker, 40_000, Victim, port, TcpControlBits.Syn).Conversation(Bench.Ip(port), 20_000, Victim, 80).Wait(50);
        }

        Assert.Equal(40, bench.End().PickedSources.Count);
        Assert.All(bench.PickedSources, source => Assert.Equal(Attacker, source));
    }

    [Fact]
    public void A_scan_is_found_among_more_sources_than_are_watched()
    {
        var bench = new Bench(new DetectorOptions { MaxSubjects = 64 });
        for (uint i = 0; i < 4000; i++)
        {
            bench.Udp(Bench.Ip(i, 0x0A000000), 5000, Bench.Ip(i % 200), (ushort)(2000 + i)).Wait(1);
            if (i % 50 == 0)
            {
                bench.Tcp(Attacker, 40_000, Victim, (ushort)(i / 50 + 1), TcpControlBits.Syn);
            }
        }

        Assert.Contains(bench.End().Findings, f => f.Subject == Attacker);
        Assert.True(bench.Engine.ForgottenCount > 0);
    }

    [Fact]
    public void The_same_packets_and_seed_give_the_same_findings()
    {
        static List<Detection> Run()
        {
            var bench = new Bench(seed: 99);
            for (ushort port = 1; port <= 300; port++)
            {
                bench.Tcp(Attacker, 40_000, Victim, port, TcpControlBits.Syn).Wait(10);
            }

            return bench.End().Findings;
        }

        Assert.Equal(Run(), Run());
    }
}
