namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>The kinds of entries of the world <see cref="ScenarioWorld.Gateways"/>.</summary>
internal static class GatewayKinds
{
    private const double Longest = 3_600;

    private static readonly ScenarioWorld[] Gateways = [ScenarioWorld.Gateways];

    private static readonly ScenarioKey On = new("on", KeyKind.Word, "an agent; all where it is left out");
    private static readonly ScenarioKey Lasts = new("lasts", KeyKind.Time, "how long") { Least = 0.1, Most = Longest, Default = "5s" };
    private static readonly ScenarioKey About = new("about", KeyKind.Addresses, "about one of these; a protected end is a pseudonym and never one");
    private static readonly string[] Detectors = ["any", "address-fan-out", "port-fan-out", "flood", "listed"];

    /// <summary>All of them.</summary>
    public static readonly StepKind[] All =
    [
        new(
            "agents", "agent", Gateways, "a real agent on a gateway of its own",
            new ScenarioKey("name", KeyKind.Word, "its name").Required(),
            new ScenarioKey("own", KeyKind.Prefixes, "the protected network").Required(),
            new ScenarioKey("input", KeyKind.Word, "whether it meters a link or takes a router's exports (softflowd on the same link)") { Among = ["live", "exports"], Default = "live" },
            new ScenarioKey("exports", KeyKind.Word, "which exports") { Among = ["netflow-v5", "netflow-v9", "ipfix"], Default = "ipfix" },
            new ScenarioKey("list", KeyKind.Addresses, "addresses on the hub's signed blocklist; none of RFC 6890's, which a list never takes"),
            new ScenarioKey("options", KeyKind.Options, "keys of `agent.yaml` and their values, such as `report.window_seconds: 1`")),

        new(
            "traffic", "capture", Gateways, "packets of a file, as far as they cross the gateway",
            new ScenarioKey("capture", KeyKind.Path, "a pcap or pcapng file").Required(),
            new ScenarioKey("speed", KeyKind.Number, "times its own pace") { Least = 0.001, Most = 100_000, Default = "1" },
            new ScenarioKey("silence", KeyKind.Time, "a longer silence in it is cut to this") { Least = 0.01, Most = Longest, Default = "2s" }),
        new(
            "traffic", "generate", Gateways, "packets that are made up",
            new ScenarioKey("generate", KeyKind.Word, "visitors of a web server; a day of an office or an ISP; one host that tries ports or addresses; a flood from forged sources, or reflected; an own host that calls another")
            {
                Among = ["visitors", "office-day", "isp-day", "port-scan", "address-scan", "syn-flood", "reflection", "beacon"], Default = null,
            },
            new ScenarioKey("lasts", KeyKind.Time, "how long; of a day: how long the day takes") { Least = 0.1, Most = Longest, Default = "10s" },
            new ScenarioKey("rate", KeyKind.Number, "a second: connections of visitors and, on average, of a day; probes; packets of a flood; calls") { Least = 0.01, Most = 50_000, Default = "10" },
            new ScenarioKey("hosts", KeyKind.Count, "other ends of visitors, a flood and a reflection; own hosts of a day") { Least = 1, Most = 100_000, Default = "50" },
            new ScenarioKey("source", KeyKind.Addresses, "who scans, or calls"),
            new ScenarioKey("target", KeyKind.Addresses, "who is visited, scanned, struck or called")),

        new("timeline", "operator", Gateways, "from now on a person is at the hub, who approves what is proposed and decides about few unproven sources"),
        new(
            "timeline", "block", Gateways, "a person has an address blocked; without `on` a canary comes first, as its grant has it",
            new ScenarioKey("address", KeyKind.Addresses, "which").Required(), On),

        new("faults", "hub-killed", Gateways, "the hub's process is killed (SIGKILL), and started again after that time", Lasts),
        new("faults", "hub-disk-full", Gateways, "no octet more goes on the disk of the hub's data", Lasts),
        new("faults", "agent-killed", Gateways, "the agent's process is killed (SIGKILL), and started again after that time", On, Lasts),
        new("faults", "hub-away", Gateways, "nothing comes through between agent and hub, and nobody is told", On, Lasts),
        new(
            "faults", "bad-line", Gateways, "the line between agent and hub loses and delays", On, Lasts,
            new ScenarioKey("loss", KeyKind.Number, "share of the frames") { Most = 1, Default = "0.05" },
            new ScenarioKey("delay", KeyKind.Time, "added each way") { Most = 60, Default = "100ms" }),
        new("faults", "disk-full", Gateways, "no octet more goes on the disk of the agent's state", On, Lasts),
        new("faults", "nic-gone", Gateways, "the interface that the agent meters is pulled, and put back", On, Lasts),
        new("faults", "nft-missing", Gateways, "the program nft is not there; at 0s: nor when the agent starts", On, Lasts),

        new(
            "expect", "alert", Gateways, "the hub has such an alert", new ScenarioKey("alert", KeyKind.Word, "by this detector") { Among = Detectors, Default = null }, On, About,
            new ScenarioKey("from", KeyKind.Time, "what was before does not count") { Most = Longest, Default = "0s" },
            new ScenarioKey("within", KeyKind.Time, "at the latest so long after `from`") { Least = 0.1, Most = Longest },
            new ScenarioKey("technique", KeyKind.Text, "its ATT&CK technique")),
        new("expect", "false-alarms", Gateways, "findings that no `alert` of this scenario expects", new ScenarioKey("false-alarms", KeyKind.Count, "at most") { Default = null, Most = 1_000_000 }, On),
        new(
            "expect", "blocked", Gateways, "they are blocked in the kernel: packets came before, none comes after, and the agent counts hits",
            new ScenarioKey("blocked", KeyKind.Addresses, "who").Required(), On,
            new ScenarioKey("within", KeyKind.Time, "from the hub's first alert about it to the first drop") { Least = 0.1, Most = Longest }),
        new(
            "expect", "passes", Gateways, "nobody is blocked but whom a `blocked` or `rule` names, and every other packet comes through", new ScenarioKey("passes", KeyKind.Word, "so") { Among = ["others"], Default = null }, On,
            new ScenarioKey("lost", KeyKind.Count, "packets that may be missing") { Default = "0", Most = 1_000_000 }),
        new("expect", "mitigation", Gateways, "the hub has a mitigation that has come so far", new ScenarioKey("mitigation", KeyKind.Word, "at least") { Among = ["proposed", "published"], Default = null }, About),
        new(
            "expect", "rule", Gateways, "what the agent last said of a rule", new ScenarioKey("rule", KeyKind.Word, "so") { Among = ["enforced", "observed", "refused"], Default = null }, On,
            new ScenarioKey("about", KeyKind.Addresses, "against this address").Required()),
        new(
            "expect", "nothing-lost", Gateways, "every message that was acknowledged is committed, once; `all`: and every message that was written has come, and none was dropped",
            new ScenarioKey("nothing-lost", KeyKind.Word, "which") { Among = ["acknowledged", "all"], Default = null }, On),
        new(
            "expect", "statistics", Gateways, "the packets of all reports are compared with what was on the link",
            new ScenarioKey("statistics", KeyKind.Word, "equal; or no packet is made up, and what is missing crossed while the reports say that they do not know: drops unknown, a window lost, or as many windows as messages that are counted as dropped; or nine tenths at least and none made up, for exports, as a router's last packets stay in its buffer")
            {
                Among = ["exact", "honest", "most"], Default = null,
            }, On),
        new("expect", "drops", Gateways, "messages that the agent dropped and told the hub of", new ScenarioKey("drops", KeyKind.Word, "some, or none") { Among = ["some", "none"], Default = null }, On),
        new("expect", "says", Gateways, "a line of a program's log", new ScenarioKey("says", KeyKind.Text, "that holds this").Required(), new ScenarioKey("on", KeyKind.Word, "an agent; the hub where it is left out")),
        new("expect", "online", Gateways, "at the end windows come to the hub, which is well", new ScenarioKey("online", KeyKind.Word, "from which agents") { Among = ["all"], Default = null }, On),
    ];
}
