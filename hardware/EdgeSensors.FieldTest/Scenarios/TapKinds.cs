namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>The kinds of entries of the world <see cref="ScenarioWorld.Taps"/>.</summary>
internal static class TapKinds
{
    private static readonly ScenarioWorld[] Taps = [ScenarioWorld.Taps];

    private static readonly ScenarioKey On = new("on", KeyKind.Word, "a board, or all boards of a name; all where it is left out");
    private static readonly ScenarioKey Lasts = new("lasts", KeyKind.Time, "how long") { Least = 0.001, Most = ScenarioSchema.LongestSeconds, Default = "1m" };
    private static readonly ScenarioKey Within = new("within", KeyKind.Time, "at the latest so long after `from`") { Least = 0.001, Most = ScenarioSchema.LongestSeconds };
    private static readonly ScenarioKey From = new("from", KeyKind.Time, "what was before does not count") { Most = ScenarioSchema.LongestSeconds, Default = "0s" };
    private static readonly ScenarioKey Chip = new("chip", KeyKind.Word, "which chip") { Among = ["ethernet", "flash"], Default = "ethernet" };
    private static readonly string[] Detectors = ["any", "address-fan-out", "port-fan-out", "flood", "listed"];

    /// <summary>All of them.</summary>
    public static readonly StepKind[] All =
    [
        new(
            "boards", "board", Taps, "emulated boards tap-1 with the real program on them",
            new ScenarioKey("name", KeyKind.Word, "its name; several are `name-0001` and so on").Required(),
            new ScenarioKey("count", KeyKind.Count, "how many") { Least = 1, Most = ScenarioSchema.MostTaps, Default = "1" },
            new ScenarioKey("own", KeyKind.Prefixes, "the owner's network").Required(),
            new ScenarioKey("level", KeyKind.Word, "how deep the authorisation goes") { Among = ["broad", "concern"], Default = "concern" },
            new ScenarioKey("listed", KeyKind.Count, "addresses on the blocklist, made up") { Most = 50_000, Default = "100" },
            new ScenarioKey("list", KeyKind.Addresses, "addresses on it by name"),
            new ScenarioKey("enrolled", KeyKind.Flag, "false: as it comes out of the box") { Default = "true" },
            new ScenarioKey("window", KeyKind.Time, "how long a window is") { Least = 1, Most = 3_600, Default = "1m" },
            new ScenarioKey("clock", KeyKind.Time, "how wrong its clock is when it starts; minus for late") { Least = -LongestError, Most = LongestError, Default = "0s" },
            new ScenarioKey("sntp", KeyKind.Time, "when after each start the clock is set right by SNTP; left out: never") { Most = ScenarioSchema.LongestSeconds },
            new ScenarioKey("sntp-every", KeyKind.Time, "and again so long after the last time") { Least = 15, Most = ScenarioSchema.LongestSeconds, Default = "1h" }),

        new(
            "traffic", "capture", Taps, "frames of a file",
            new ScenarioKey("capture", KeyKind.Path, "a pcap or pcapng file").Required(),
            new ScenarioKey("speed", KeyKind.Number, "times its own pace") { Least = 0.001, Most = 100_000, Default = "1" },
            new ScenarioKey("repeat", KeyKind.Count, "how often it is played") { Least = 1, Most = 100_000, Default = "1" }),
        new(
            "traffic", "generate", Taps, "frames that are made up",
            new ScenarioKey("generate", KeyKind.Word, "visitors of a web server; one host that tries ports or addresses; a flood from forged sources; an own host that calls a listed one")
            {
                Among = ["visitors", "port-scan", "address-scan", "syn-flood", "beacon"], Default = null,
            },
            new ScenarioKey("lasts", KeyKind.Time, "how long") { Least = 0.001, Most = ScenarioSchema.LongestSeconds, Default = "1m" },
            new ScenarioKey("rate", KeyKind.Number, "a second: connections of visitors, probes, frames, calls; 0: the line's rate") { Least = 0.0001, TakesZero = true, Most = 200_000, Default = "5" },
            new ScenarioKey("hosts", KeyKind.Count, "other ends, of visitors and of a flood") { Least = 1, Most = 100_000, Default = "20" },
            new ScenarioKey("source", KeyKind.Addresses, "who scans, or calls") { },
            new ScenarioKey("target", KeyKind.Addresses, "who is visited, scanned, struck or called")),

        new("timeline", "enrol", Taps, "somebody enrols it over its serial line", On),
        new(
            "timeline", "publish-list", Taps, "the hub publishes a new blocklist",
            new ScenarioKey("listed", KeyKind.Count, "addresses on it, made up") { Most = 50_000, Default = "100" },
            new ScenarioKey("list", KeyKind.Addresses, "addresses on it by name")),
        new("timeline", "press-button", Taps, "the owner holds the button", On, new ScenarioKey("holds", KeyKind.Time, "how long") { Least = 0.05, Most = 60, Default = "6s" }),
        new("timeline", "open-lid", Taps, "somebody opens the case", On, Lasts),

        new("faults", "hub-away", Taps, "no connection comes about, and those that are there end", On, Lasts) { Effect = "connections ended or refused" },
        new("faults", "dns-fails", Taps, "the hub's name is not found: no new connection", On, Lasts) { Effect = "names not found" },
        new("faults", "tls-fails", Taps, "handshakes fail: no new connection", On, Lasts) { Effect = "handshakes failed" },
        new("faults", "tls-slow", Taps, "handshakes take long", On, Lasts, new ScenarioKey("takes", KeyKind.Time, "each") { Least = 0.1, Most = 600, Default = "40s" }) { Effect = "handshakes slowed" },
        new("faults", "no-ack", Taps, "the hub commits and does not say so", On, Lasts) { Effect = "acknowledgements kept back" },
        new("faults", "duplicates", Taps, "messages come twice", On, Lasts, new ScenarioKey("share", KeyKind.Number, "of the messages") { Most = 1, Default = "0.3" }) { Effect = "messages that came again" },
        new("faults", "reorders", Taps, "messages are overtaken", On, Lasts, new ScenarioKey("share", KeyKind.Number, "of the messages") { Most = 1, Default = "0.3" }) { Effect = "messages that came after a later one" },
        new("faults", "reconnect", Taps, "every connection ends at once", On) { Effect = "connections ended" },
        new(
            "faults", "tampered", Taps, "updates are altered on their way, each time otherwise", On, Lasts,
            new ScenarioKey("file", KeyKind.Word, "which") { Among = ["any", "root", "timestamp", "proof", "snapshot", "targets", "role", "list", "authorization"], Default = "any" },
            new ScenarioKey("how", KeyKind.Words, "in which ways, one after the other") { Among = ["flip", "cut", "grow", "swap", "old", "empty"], Default = "flip" }) { Effect = "files, or parts of them, altered" },
        new("faults", "clock-leaps", Taps, "the clock is wrong from now on, until SNTP sets it right", On, new ScenarioKey("by", KeyKind.Time, "how wrong; minus for late") { Least = -LongestError, Most = LongestError, Default = null }) { Effect = "looks at a clock that was wrong by half a second or more" },
        new("faults", "clock-drifts", Taps, "the oscillator runs wrong, and with it the clock; SNTP sets the clock right and it goes wrong again", On, new ScenarioKey("ppm", KeyKind.Number, "millionths; minus for slow") { Least = -10_000, Most = 10_000, Default = "50" }) { Effect = "looks at a clock that was wrong by half a second or more" },
        new("faults", "bit-errors", Taps, "bits of a chip's SPI lines turn over", On, Lasts, Chip, new ScenarioKey("rate", KeyKind.Number, "a bit") { Most = 0.5, Default = "1e-4" }) { Effect = "bits turned over" },
        new("faults", "chip-hangs", Taps, "the chip answers no more, until it is reset or without power", On, Chip) { Effect = "octets unheeded" },
        new("faults", "chip-resets", Taps, "the Ethernet controller is reset by itself", On) { Effect = "receivers closed" },
        new("faults", "broken-length", Taps, "a length in its receive buffer is wrong", On) { Effect = "broken lengths read" },
        new("faults", "link-flaps", Taps, "a loose plug", On) { Effect = "links lost" },
        new("faults", "unplugged", Taps, "the mirror port's cable is pulled", On, Lasts) { Effect = "frames lost" },
        new(
            "faults", "power-cut", Taps, "the supply goes, and comes back", On,
            new ScenarioKey("during", KeyKind.Word, "now, or in the middle of one of the next flash writes") { Among = ["now", "flash-write"], Default = "flash-write" },
            new ScenarioKey("of-next", KeyKind.Count, "of so many writes, chosen by chance") { Least = 1, Most = 1_000_000, Default = "200" },
            Lasts with { Default = "1s" }) { Effect = "cuts, in a write where it says so" },
        new("faults", "brown-out", Taps, "the supply dips", On, Lasts with { Default = "300ms" }, new ScenarioKey("volts", KeyKind.Number, "volts") { Most = 3.6, Default = "1.8" }) { Effect = "resets" },
        new(
            "faults", "worn-block", Taps, "sectors of the flash do not take what is written", On,
            new ScenarioKey("area", KeyKind.Word, "where") { Among = ["state", "slots", "alerts", "reports"], Default = "reports" },
            new ScenarioKey("sectors", KeyKind.Count, "how many: of those that are erased next about every other") { Least = 1, Most = 1_000, Default = "1" }) { Effect = "octets that came out otherwise than they were written" },

        new("expect", "alert", Taps, "the hub has such an alert", new ScenarioKey("alert", KeyKind.Word, "by this detector") { Among = Detectors, Default = null }, On, From, Within,
            new ScenarioKey("about", KeyKind.Addresses, "about one of these; a protected end is a pseudonym and never one")),
        new("expect", "no-alert", Taps, "it has none", new ScenarioKey("no-alert", KeyKind.Word, "by this detector") { Among = Detectors, Default = null }, On, From),
        new(
            "expect", "nothing-lost", Taps, "every message that was acknowledged is committed, once, and unaltered; `all`: and every message that was written has come",
            new ScenarioKey("nothing-lost", KeyKind.Word, "which") { Among = ["acknowledged", "all"], Default = null }, On),
        new("expect", "list", Taps, "the blocklist in force at the end", new ScenarioKey("list", KeyKind.Word, "the newest, or any that was published") { Among = ["newest", "published"], Default = null }, On),
        new(
            "expect", "boots", Taps, "after every start the tap came to a whole, verified list, the old one or the new",
            new ScenarioKey("boots", KeyKind.Word, "so") { Among = ["verified"], Default = null }, On,
            new ScenarioKey("times", KeyKind.Count, "at least") { Default = "1", Least = 1, Most = 1_000_000 }),
        new(
            "expect", "refused", Taps, "an update was refused, and the hub told why",
            new ScenarioKey("refused", KeyKind.Words, "for each of these reasons (`any`: whatever reason); a word of `tuf-…`").Required(), On, From),
        new("expect", "statistics", Taps, "each report of a window in which something came is compared with what was on the wire", new ScenarioKey("statistics", KeyKind.Word, "right, or said to be doubtful") { Among = ["honest", "exact"], Default = null },
            On, From, new ScenarioKey("reports", KeyKind.Count, "so many at least are right") { Default = "1", Most = 1_000_000 },
            new ScenarioKey("doubtful", KeyKind.Count, "so many at least are said to be doubtful") { Default = "0", Most = 1_000_000 }),
        new("expect", "times", Taps, "the times in reports are true", new ScenarioKey("times", KeyKind.Word, "so") { Among = ["true"], Default = null }, On, From,
            new ScenarioKey("by", KeyKind.Time, "but for so much") { Least = 0.001, Most = 3_600, Default = "1s" }),
        new(
            "expect", "connects", Taps, "connections come spread out", new ScenarioKey("connects", KeyKind.Word, "so") { Among = ["spread"], Default = null }, From,
            new ScenarioKey("in-a-second", KeyKind.Number, "the most of all attempts that fall into one second, as a share") { Least = 0, Most = 1, Default = "0.5" }),
        new("expect", "online", Taps, "at the end it measures and has its hub", new ScenarioKey("online", KeyKind.Word, "which") { Among = ["all"], Default = null }, On),
        new("expect", "restarts", Taps, "how often the program started anew", new ScenarioKey("restarts", KeyKind.Count, "at most, each tap") { Default = null, Most = 1_000_000 }, On,
            new ScenarioKey("least", KeyKind.Count, "at least, each tap") { Default = "0", Most = 1_000_000 }),
        new("expect", "drops", Taps, "messages that the tap dropped and counted", new ScenarioKey("drops", KeyKind.Word, "some, or none") { Among = ["some", "none"], Default = null }, On),
    ];

    // Ten years either way.
    private const double LongestError = 3_650 * 86_400.0;
}
