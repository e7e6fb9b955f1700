using System.Globalization;
using System.Net;
using EdgeSensors.EdgeAgent.Enforce.Bgp;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>Every key there is. Reading, the sample and the help are made from this list, so none can miss one.</summary>
internal static class ConfigurationKeys
{
    private static readonly DetectorOptions s_detectors = new();
    private static readonly BgpSettings s_bgp = new();

    /// <summary>In the order of the sample.</summary>
    public static IReadOnlyList<ConfigurationKey> All { get; } =
    [
        new("sensor", null, "operator/sensor", "This sensor's name; the same as the common name of its certificate.", SetSensor),

        new("hub.host", null, "DNS name or address", "Where the hub is; its certificate must be for this name.", (c, v) => Word(v, x => c.HubHost = x)),
        Int("hub.mqtt_port", 8883, "port", "MQTT over TLS.", 1, 65_535, (c, v) => c.MqttPort = v),
        Int("hub.https_port", 8443, "port", "HTTPS: the signed updates.", 1, 65_535, (c, v) => c.HttpsPort = v),
        Int("hub.max_in_flight", 256, "messages", "Messages on their way to the hub at once.", 1, 60_000, (c, v) => c.MaxInFlight = v),
        Seconds("hub.refresh_seconds", 300, "Ask for updates at least this often, give or take a fifth, whether the hub gave notice or not.", 1, 86_400, (c, v) => c.RefreshEvery = v),

        File("identity.certificate", "sensor.crt", "Client certificate, PEM.", (c, v) => c.CertificatePath = v),
        File("identity.key", "sensor.key", "Its private key, PEM.", (c, v) => c.KeyPath = v),
        File("identity.ca", "ca.crt", "The only authority that the hub's certificate may come from, PEM.", (c, v) => c.CaPath = v),
        File("identity.root", "root.json", "The first TUF root: where trust in updates begins.", (c, v) => c.RootPath = v),
        File("identity.sealing_key", "hpke.key", "X25519 private key that opens the pseudonym key, base64.", (c, v) => c.SealingKeyPath = v),

        new("state.directory", "/var/lib/edgesensors", "folder", "The outbox and what was verified; must outlive a restart.", (c, v) => Word(v, x => c.StateDirectory = x), ValueKind.Path),

        new("input.interface", "", "name", "Meter this interface (needs CAP_NET_RAW). One of input.interface, input.file and input.listen is given.", (c, v) => Word(v, x => c.InputInterface = x.Length == 0 ? null : x)),
        new("input.file", "", "file", "Meter this pcap or pcapng file.", (c, v) => Word(v, x => c.InputFile = x.Length == 0 ? null : x), ValueKind.Path),
        new("input.speed", "original", "original, fast or a multiple", "How fast a file is read: as it was captured, as fast as it can be, or so many times faster.", SetPace),
        new("input.listen", "", "list of URLs", "Listen for routers' IPFIX, NetFlow v5 and v9 and sFlow v5: udp://0.0.0.0:4739, tcp://[::]:4739 or tls://192.0.2.1:4740.", SetListen, ValueKind.List),
        new("input.sampling", "", "list of rates", "One packet in how many exporters look at, whatever they say: 1000, 192.0.2.1=1000 or 2001:db8::/32=512. What nobody states is unknown, never 1.", SetSampling, ValueKind.List),
        new("input.exporters", "", "list of addresses or prefixes", "Whose exports are heard; empty: everybody's. Senders of UDP can lie, so name them.", SetExporters, ValueKind.List),
        Int("input.listen_threads", 0, "threads", "Threads that receive exports, divided by sender; 0: one a core.", 0, ListenOptions.MaxWorkers, (c, v) => c.Listen = c.Listen with { Workers = v }),
        File("input.tls_certificate", "", "Our certificate for tls://, PEM.", (c, v) => c.Listen = c.Listen with { CertificatePath = v.Length == 0 ? null : v }),
        File("input.tls_key", "", "Its private key, PEM.", (c, v) => c.Listen = c.Listen with { KeyPath = v.Length == 0 ? null : v }),
        File("input.tls_ca", "", "The authorities that exporters' certificates must come from, PEM.", (c, v) => c.Listen = c.Listen with { AuthorityPath = v.Length == 0 ? null : v }),
        Int("input.workers", 1, "threads", "Rings that an interface's packets are divided over, each read and decoded by a thread of its own; for cards that several cores receive from.", 1, 64, (c, v) => c.Workers = v),
        Int("input.max_flows", 1 << 18, "flows", "Flows held at a time, about 200 octets each; beyond it the longest-silent leave early.", 1024, 1 << 24, (c, v) => c.MaxFlows = v),

        Seconds("report.window_seconds", 10, "Time that one report covers, by the packets' clock.", 0.1, 3600, (c, v) => c.Window = v),

        new("metrics.otlp_endpoint", "", "URL", "Where metrics about exporters go by OTLP over gRPC, such as http://127.0.0.1:4317; empty: nowhere.", SetMetrics),

        new("outbox.max_octets", (256L << 20).ToString(CultureInfo.InvariantCulture), "octets", "Room for messages that wait for the hub; at least 1048576. When it is full reports are dropped first, and every drop is counted.", SetOutbox),

        new("enforce.enabled", "true", "true or false", "Carry verified rules out (needs nft and CAP_NET_ADMIN); false: count what they would hit.", SetEnforce),
        Int("enforce.max_rules", 1000, "rules", "The owner's limit: rules in force at once.", 0, 10_000, (c, v) => c.Limits.MaxRules = v),
        Seconds("enforce.max_duration_seconds", 86_400, "The owner's limit: a rule stands no longer than this.", 1, 31_536_000, (c, v) => c.Limits.MaxDuration = v),
        Int("enforce.min_prefix_length_v4", 24, "bits", "The owner's limit: no IPv4 rule wider than this.", 0, 32, (c, v) => c.Limits.MinPrefixLengthV4 = v),
        Int("enforce.min_prefix_length_v6", 48, "bits", "The owner's limit: no IPv6 rule wider than this.", 0, 128, (c, v) => c.Limits.MinPrefixLengthV6 = v),
        Int("enforce.rate_limit", 100, "packets/s", "What the rate-limit step lets pass of each rule's prefix.", 1, 1_000_000, (c, v) => c.RateLimitPacketsPerSecond = v),
        new("enforce.xdp", "", "list of interfaces", "Interfaces at which the sources that rules drop are dropped already, before the kernel makes anything of a packet (XDP; needs CAP_BPF and Linux 5.9). The meter does not see what is dropped there; receipts count it. Where it cannot be, nftables drops all.", SetXdp, ValueKind.List),
        Int("enforce.blocklist_entries", 0, "entries", "The owner's limit: most entries of a blocklist that are enforced where its keeper has signed that they are; 0: none, a list is only looked for. Beyond 16384 enforce.xdp is needed.", 0, BlocklistBounds.MaxEntries, (c, v) => c.Limits.BlocklistEntries = v),
        new("enforce.allowlist", "", "list of prefixes", "Addresses that no rule ever touches.", SetAllowlist, ValueKind.List),

        new("bgp.api", "", "URL", "Announce rules to routers through the gobgpd here, unix:///run/gobgpd/api.sock or http://127.0.0.1:50051; empty: enforce on this machine.", SetBgpApi),
        Int("bgp.max_rules", s_bgp.MaxRules, "routes", "The budget: routes of ours at once (a rule for both directions takes two). A rule beyond it is refused, never the session risked.", 0, 10_000, (c, v) => c.Bgp = c.Bgp with { MaxRules = v }),
        Int("bgp.rate_limit", s_bgp.RateLimitOctetsPerSecond, "octets/s", "What a router lets pass of each rule at the rate-limit step.", 1, 1_000_000_000, (c, v) => c.Bgp = c.Bgp with { RateLimitOctetsPerSecond = v }),
        new("bgp.blackhole_next_hops", "", "list of addresses", "Next hops that the routers discard to, at most one a family: destinations are then dropped by RFC 7999 blackholes; empty: by flow specifications.", SetBlackholes, ValueKind.List),
        File("bgp.heartbeat", "/run/edgesensors/bgp-heartbeat", "What the agent changes each second for edgesensors-agent bgp-watchdog.", (c, v) => c.Bgp = c.Bgp with { HeartbeatPath = v }),
        Seconds("bgp.heartbeat_seconds", s_bgp.HeartbeatSpan.TotalSeconds, "Unchanged for so long, the watchdog withdraws all routes.", 3, 3600, (c, v) => c.Bgp = c.Bgp with { HeartbeatSpan = v }),

        new("blocklist.tier", "full", "full or at-most-N", "Which of the published blocklists is held: all of it, or the N surest entries.", SetTier),

        Int("detect.fan_out_addresses", s_detectors.FanOutAddresses, "addresses", "A source whose failed attempts reach this many addresses within the span is a scan.", 4, 4096, (c, v) => c.Detectors = c.Detectors with { FanOutAddresses = v }),
        Int("detect.fan_out_ports", s_detectors.FanOutPorts, "ports", "The same for ports of one or more addresses.", 4, 4096, (c, v) => c.Detectors = c.Detectors with { FanOutPorts = v }),
        Seconds("detect.fan_out_seconds", s_detectors.FanOutSpan.TotalSeconds, "The span in which they are counted.", 1, 86_400, (c, v) => c.Detectors = c.Detectors with { FanOutSpan = v }),
        Int("detect.flood_packets_per_second", s_detectors.FloodPacketsPerSecond, "packets/s", "Unanswered packets to one address at this rate are a flood.", 10, 100_000_000, (c, v) => c.Detectors = c.Detectors with { FloodPacketsPerSecond = v }),
        Int("detect.max_subjects", s_detectors.MaxSubjects, "addresses", "Addresses watched at a time by each detector; beyond it the least active is forgotten.", 64, 1 << 20, (c, v) => c.Detectors = c.Detectors with { MaxSubjects = v }),
    ];

    private static ConfigurationKey File(string path, string name, string meaning, Action<AgentConfiguration, string> set) =>
        new(path, name, "file", meaning, (c, v) => Word(v, x => set(c, x)), ValueKind.Path);

    private static ConfigurationKey Int(string path, int value, string unit, string meaning, int min, int max, Action<AgentConfiguration, int> set) =>
        new(path, value.ToString(CultureInfo.InvariantCulture), unit, meaning, (c, v) =>
        {
            if (!int.TryParse(v, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < min || number > max)
            {
                return $"takes a whole number from {min} to {max}";
            }

            set(c, number);
            return null;
        });

    private static ConfigurationKey Seconds(string path, double value, string meaning, double min, double max, Action<AgentConfiguration, TimeSpan> set) =>
        new(path, value.ToString(CultureInfo.InvariantCulture), "seconds", meaning, (c, v) =>
        {
            if (!double.TryParse(v, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) || number < min || number > max)
            {
                return string.Create(CultureInfo.InvariantCulture, $"takes seconds from {min} to {max}");
            }

            set(c, TimeSpan.FromSeconds(number));
            return null;
        });

    private static string? Word(string value, Action<string> set)
    {
        set(value);
        return null;
    }

    private static string? SetSensor(AgentConfiguration c, string value)
    {
        var valid = SensorName.TryParse(value, out var name);
        c.Sensor = name;
        return valid ? null : "takes operator/sensor, each a lower-case DNS label of 3 to 63 characters";
    }

    private static string? SetPace(AgentConfiguration c, string value)
    {
        var valid = InputPace.TryParse(value, out var pace);
        c.Pace = pace;
        return valid ? null : "takes original, fast or a multiple such as 10";
    }

    private static string? SetListen(AgentConfiguration c, string value)
    {
        var urls = new List<ListenUrl>();
        foreach (var text in Items(value))
        {
            if (!ListenUrl.TryParse(text, out var url, out var wrong))
            {
                return wrong;
            }

            urls.Add(url);
        }

        c.Listen = c.Listen with { Urls = urls };
        return null;
    }

    private static string? SetSampling(AgentConfiguration c, string value)
    {
        if (!SamplingStatements.TryParse(Items(value), out var statements))
        {
            return SamplingStatements.Takes;
        }

        c.Listen = c.Listen with { Sampling = statements };
        return null;
    }

    private static string? SetExporters(AgentConfiguration c, string value)
    {
        var prefixes = new List<Prefix>();
        foreach (var text in Items(value))
        {
            if (!PrefixOrAddress.TryParse(text, out var prefix))
            {
                return "takes addresses, or prefixes with their host bits zero, such as 192.0.2.0/24";
            }

            prefixes.Add(prefix);
        }

        c.Listen = c.Listen with { Exporters = prefixes };
        return null;
    }

    private static string[] Items(string value) => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? SetMetrics(AgentConfiguration c, string value)
    {
        c.MetricsEndpoint = Uri.TryCreate(value, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;
        return value.Length == 0 || c.MetricsEndpoint is not null ? null : "takes an http or https URL, or nothing";
    }

    private static string? SetOutbox(AgentConfiguration c, string value)
    {
        var valid = long.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var octets) && octets is >= 1 << 20 and <= 1L << 40;
        c.OutboxMaxOctets = octets;
        return valid ? null : "takes octets from 1048576 (1 MiB) to 1099511627776 (1 TiB)";
    }

    private static string? SetEnforce(AgentConfiguration c, string value)
    {
        c.Enforce = value == "true";
        return value is "true" or "false" ? null : "takes true or false";
    }

    private static string? SetXdp(AgentConfiguration c, string value)
    {
        // linux/if.h: IFNAMSIZ is 16 with the zero at its end.
        c.XdpInterfaces = [.. Items(value).Distinct()];
        return c.XdpInterfaces.All(name => name.Length < 16 && !name.Contains('/', StringComparison.Ordinal)) ? null : "takes names of interfaces, such as eth0";
    }

    private static string? SetBgpApi(AgentConfiguration c, string value)
    {
        var valid = BgpSettings.TryParseApi(value, out var api);
        c.Bgp = c.Bgp with { Api = valid ? api : null };
        return value.Length == 0 || valid ? null : "takes unix:///run/gobgpd/api.sock or http://127.0.0.1:50051, never another machine's: whoever reaches it commands the routers";
    }

    private static string? SetBlackholes(AgentConfiguration c, string value)
    {
        var hops = new List<IPAddress>();
        foreach (var text in Items(value))
        {
            if (!PrefixOrAddress.TryParse(text, out var hop) || !hop.IsSingleAddress || hops.Any(other => other.AddressFamily == hop.Address.AddressFamily))
            {
                return "takes at most one IPv4 and one IPv6 address, such as 192.0.2.1 and 100::1";
            }

            hops.Add(hop.Address);
        }

        c.Bgp = c.Bgp with { BlackholeNextHops = hops };
        return null;
    }

    private static string? SetTier(AgentConfiguration c, string value)
    {
        if (value != "full" && !(value.StartsWith("at-most-", StringComparison.Ordinal)
            && int.TryParse(value.AsSpan("at-most-".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var entries) && entries is > 0 and < BlocklistBounds.MaxEntries))
        {
            return $"takes full, or at-most- and a number below {BlocklistBounds.MaxEntries}";
        }

        c.BlocklistTier = value;
        return null;
    }

    private static string? SetAllowlist(AgentConfiguration c, string value)
    {
        var prefixes = new List<Prefix>();
        foreach (var text in Items(value))
        {
            if (!Prefix.TryParse(text, out var prefix))
            {
                return "takes prefixes with their host bits zero, such as 192.0.2.0/24";
            }

            prefixes.Add(prefix);
        }

        c.Limits.Allowlist = prefixes;
        return null;
    }
}
