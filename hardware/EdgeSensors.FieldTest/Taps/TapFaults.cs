using System.Globalization;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Puts a scenario's faults into the world at their times. What they leave to chance is the seed's.</summary>
/// <param name="seed">Of the run.</param>
/// <param name="events">Where they wait.</param>
/// <param name="repository">What may be altered on its way.</param>
/// <param name="world">The taps.</param>
/// <param name="effects">Are told what each fault does.</param>
/// <param name="tell">Is told in words: which, whose, when, and until when.</param>
internal sealed class TapFaults(RunSeed seed, EventQueue events, EmulatedRepository repository, TapWorld world, FaultEffects effects, Action<string, string, long, long?> tell)
{
    private const long LateNs = 3_000_000_000; // what comes of a fault a little after its end: a link is up again, a message arrives

    /// <summary>Plans one entry, once or as often as it says.</summary>
    public void Plan(ScenarioStep step, long end)
    {
        var random = seed.Stream($"fault/{step.Index}");
        events.Repeat(step, end, at => Begin(step, at, random));
    }

    private void Begin(ScenarioStep step, long at, Random random)
    {
        long? until = step.Time("lasts") is { } lasts ? at + TapTraffic.Ns(lasts) : null;
        var tampering = step.What == "tampered" ? new Tampering(FileKind(step), step.Words("how"), repository, random) : null;
        foreach (var tap in world.Meant(step))
        {
            tap.MoveTo(at);
            var end = effects.Began(step, tap, Count(step, tap));
            Put(step, tap, at, until, random, tampering);
            if (IsAtOnce(step))
            {
                end();
            }
            else if (until is { } over && step.What != "power-cut")
            {
                events.At(over + LateNs, end);
            }

            tell(Words(step), tap.Name, at, until);
        }
    }

    /// <summary>Counts what a fault does to a tap, as its kind in <see cref="TapKinds"/> says.</summary>
    private static Func<long> Count(ScenarioStep step, EmulatedTap tap)
    {
        var (faults, board, spi) = (tap.Uplink.Faults, tap.Board, Chip(step, tap));
        switch (step.What)
        {
            case "hub-away" or "reconnect": return () => faults.Broken;
            case "dns-fails": return () => faults.NamesNotFound;
            case "tls-fails": return () => faults.HandshakesFailed;
            case "tls-slow": return () => faults.HandshakesSlowed;
            case "no-ack": return () => faults.Unacknowledged;
            case "duplicates": return () => faults.Duplicated;
            case "reorders": return () => faults.Overtaken;
            case "tampered": return () => faults.Altered;
            case "clock-leaps" or "clock-drifts": return () => tap.Clock.WrongLooks;
            case "bit-errors": return () => spi.ToChip.Count + spi.FromChip.Count;
            case "chip-hangs": return () => spi.UnheededOctets;
            case "chip-resets": return () => board.Ethernet.Upsets;
            case "broken-length": return () => board.Ethernet.BrokenLengthsRead;
            case "link-flaps": return () => board.Ethernet.LinkLosses;
            case "unplugged": return () => board.Ethernet.WithoutLink;
            case "power-cut": return step.Text("during") == "now" ? () => board.Supply.Cuts : () => board.Flash.WritesCut;
            case "brown-out": return () => board.Watchdog.BrownOuts;
            case "worn-block":
                var (from, octets) = Area(step);
                return () => board.Flash.Array.SpoiledIn(from, octets);
            default: throw new InvalidOperationException($"{step.What} is in the schema and not here.");
        }
    }

    /// <summary>Whether all that a fault does is done when it begins.</summary>
    private static bool IsAtOnce(ScenarioStep step) =>
        step.What is "reconnect" or "chip-resets" or "link-flaps" or "brown-out" || (step.What == "power-cut" && step.Text("during") == "now");

    private static Hardware.Buses.SpiChip Chip(ScenarioStep step, EmulatedTap tap) => step.Text("chip") == "flash" ? tap.Board.Flash : tap.Board.Ethernet;

    private void Put(ScenarioStep step, EmulatedTap tap, long at, long? until, Random random, Tampering? tampering)
    {
        var (uplink, spi) = (tap.Uplink, Chip(step, tap));
        switch (step.What)
        {
            case "hub-away":
                uplink.Faults.AwayUntil = until!.Value;
                uplink.Break();
                tap.WakeAt(at);
                break;
            case "reconnect":
                uplink.Break();
                tap.WakeAt(at);
                break;
            case "dns-fails": uplink.Faults.NoNameUntil = until!.Value; break;
            case "tls-fails": uplink.Faults.TlsFailsUntil = until!.Value; break;
            case "tls-slow":
                (uplink.Faults.TlsSlowUntil, uplink.Faults.TlsNs) = (until!.Value, TapTraffic.Ns(step.Time("takes")!.Value));
                break;
            case "no-ack": uplink.Faults.NoAckUntil = until!.Value; break;
            case "duplicates": (uplink.Faults.DuplicatesUntil, uplink.Faults.DuplicateShare) = (until!.Value, step.Number("share")); break;
            case "reorders": (uplink.Faults.ReordersUntil, uplink.Faults.ReorderShare) = (until!.Value, step.Number("share")); break;
            case "tampered": (uplink.Faults.TamperedUntil, uplink.Faults.Tampering) = (until!.Value, tampering); break;
            case "clock-leaps": tap.Clock.Leap((long)step.Time("by")!.Value.TotalMilliseconds); break;
            case "clock-drifts": tap.Clock.Drift(step.Number("ppm")); break;
            case "bit-errors":
                spi.ToChip.Rate = spi.FromChip.Rate = step.Number("rate");
                events.At(until!.Value, () => spi.ToChip.Rate = spi.FromChip.Rate = 0);
                break;
            case "chip-hangs": spi.Hang(); break;
            case "chip-resets": tap.Board.Ethernet.Upset(); break;
            case "broken-length": tap.Board.Ethernet.BreakLength(); break;
            case "link-flaps": tap.Board.Ethernet.Flap(); break;
            case "unplugged":
                tap.Board.PlugIn(null);
                events.At(until!.Value, () =>
                {
                    tap.MoveTo(until.Value);
                    tap.Board.PlugIn(tap.Port);
                });
                break;
            case "power-cut": CutPower(step, tap, at, random); break;
            case "brown-out": BrownOut(step, tap, until!.Value); break;
            case "worn-block":
                var (from, octets) = Area(step);
                tap.Board.Flash.WearOutNext(from, octets, step.Count("sectors"));
                break;
            default: throw new InvalidOperationException($"{step.What} is in the schema and not here.");
        }
    }

    private void CutPower(ScenarioStep step, EmulatedTap tap, long at, Random random)
    {
        long lasts = TapTraffic.Ns(step.Time("lasts")!.Value);
        if (step.Text("during") == "now")
        {
            tap.PowerOff(at);
        }
        else
        {
            tap.Board.Flash.CutDuringWrite(random.Next(step.Count("of-next")), random.NextDouble());
        }

        WatchPower(tap, at, lasts, wasOn: step.Text("during") == "now");
    }

    /// <summary>Whenever the cut comes, the supply is back so long after it. One that is gone from the cut before comes back first.</summary>
    private void WatchPower(EmulatedTap tap, long at, long lasts, bool wasOn) => events.At(at, () =>
    {
        if (tap.Board.Supply.IsOn || !wasOn)
        {
            WatchPower(tap, at + 100_000_000, lasts, tap.Board.Supply.IsOn);
            return;
        }

        tell("the supply is back", tap.Name, at + lasts, null);
        events.At(at + lasts, () =>
        {
            if (!tap.Board.Supply.IsOn)
            {
                tap.PowerOn(at + lasts);
            }
        });
    });

    private void BrownOut(ScenarioStep step, EmulatedTap tap, long until)
    {
        tap.Board.BrownOut(step.Number("volts"));
        events.At(until, () =>
        {
            tap.MoveTo(until);
            tap.Board.BrownOut(3.3);
        });
    }

    private static (int From, int Octets) Area(ScenarioStep step) => step.Text("area") switch
    {
        "state" => (FlashMap.State, FlashMap.StateSectors * Hardware.Chips.FlashArray.SectorSize),
        "slots" => (FlashMap.AddressOf(0, 0), FlashMap.Vital - FlashMap.AddressOf(0, 0)),
        "alerts" => (FlashMap.Vital, FlashMap.VitalSize),
        _ => (FlashMap.Reports, Hardware.Chips.W25Q128Chip.Capacity - FlashMap.Reports),
    };

    private static RepositoryFileKind? FileKind(ScenarioStep step) =>
        Enum.TryParse<RepositoryFileKind>(step.Text("file"), ignoreCase: true, out var kind) ? kind : null;

    private static string Words(ScenarioStep step)
    {
        string[] left = ["at", "from", "every", "times", "on", "lasts"];
        var values = step.Values.Where(v => !left.Contains(v.Key)).Select(v => string.Create(CultureInfo.InvariantCulture, $"{v.Key} {Word(v.Value)}"));
        return string.Join(", ", values.Prepend(step.What));
    }

    private static string Word(object value) => value switch
    {
        TimeSpan time => TimeText.Format(time),
        IEnumerable<string> words => string.Join(' ', words),
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };
}
