using System.Globalization;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Holds what came of a run of taps against what its scenario expects.</summary>
internal sealed class TapJudge(Scenario scenario, TapWorld world)
{
    private const string LogFile = "logs/taps.log";

    // A tap that has started and has a list in flash is to have it in force again by then: it hashes the list and checks its signatures first.
    private const long BootPatienceNs = 120_000_000_000;

    /// <summary>Every expectation, and what holds in every run.</summary>
    public IReadOnlyList<Check> Judge() => [.. scenario.Expect.Select(Judge), .. Effects(), Messages(), Heap()];

    private Check Judge(ScenarioStep step) => step.What switch
    {
        "alert" => Alert(step),
        "no-alert" => NoAlert(step),
        "nothing-lost" => NothingLost(step),
        "list" => List(step),
        "boots" => Boots(step),
        "refused" => Refused(step),
        "statistics" => Statistics(step),
        "times" => Times(step),
        "connects" => Connects(step),
        "online" => Online(step),
        "restarts" => Restarts(step),
        "drops" => Drops(step),
        _ => throw new InvalidOperationException($"{step.What} is in the schema and not here."),
    };

    private Check Alert(ScenarioStep step)
    {
        var late = Each(step, tap =>
        {
            var first = AlertsOf(tap, step).Select(a => (long?)a.AtNs).FirstOrDefault();
            var from = TapTraffic.Ns(step.Time("from")!.Value);
            return first is null ? "has none" : step.Time("within") is { } within && first > from + TapTraffic.Ns(within) ? $"only after {Seconds(first.Value - from)}" : null;
        });
        var expected = Words(step) + (step.Time("within") is { } w ? $" within {TimeText.Format(w)}" : "");
        var firsts = world.Meant(step).SelectMany(t => AlertsOf(t, step).Take(1)).Select(a => a.AtNs - TapTraffic.Ns(step.Time("from")!.Value)).Order().ToList();
        return Verdict(step, expected, late, firsts.Count == 0 ? "none" : $"{firsts.Count} of {world.Meant(step).Count} taps, the last after {Seconds(firsts[^1])}");
    }

    private Check NoAlert(ScenarioStep step) =>
        Verdict(step, $"no {Words(step)}", Each(step, tap => AlertsOf(tap, step).FirstOrDefault() is { } a ? $"has one: {AlertWords.Of((AlertMessage)a.Message, 0).Words}" : HasMeasured(tap, step) ? null : "measured nothing that it could have been alerted by"), "none");

    private bool HasMeasured(EmulatedTap tap, ScenarioStep step) => ReportsOf(tap, step).Any(r => r.Report.Total!.Value.Packets > 0);

    /// <summary>The reports with totals that came from the step's <c>from</c> on; others tell of health only.</summary>
    private IEnumerable<(Committed Message, ReportMessage Report)> ReportsOf(EmulatedTap tap, ScenarioStep step) =>
        world.Hub.Of(tap).All.Where(m => m.AtNs >= TapTraffic.Ns(step.Time("from")!.Value)).Select(m => (m, (m.Message as ReportMessage)!)).Where(m => m.Item2?.Total is not null);

    private static string Words(ScenarioStep step) =>
        (step.Text(step.What) is var detector && detector == "any" ? "alert" : $"{detector} alert")
        + (step.Prefixes("about") is { Count: > 0 } about ? $" about {string.Join(" or ", about)}" : "");

    private IEnumerable<Committed> AlertsOf(EmulatedTap tap, ScenarioStep step)
    {
        var detector = step.Text(step.What);
        var about = step.Prefixes("about");
        return world.Hub.Of(tap).All.Where(m => m.Message is AlertMessage alert
            && m.AtNs >= TapTraffic.Ns(step.Time("from")!.Value)
            && (detector == "any" || AlertWords.Name(alert.Detector) == detector)
            && (about.Count == 0 || about.Any(p => p.ToString() == alert.Indicator.ToString())));
    }

    private Check NothingLost(ScenarioStep step)
    {
        long written = 0, committed = 0, waiting = 0;
        var all = step.Text("nothing-lost") == "all";
        var lost = Each(step, tap =>
        {
            var hub = world.Hub.Of(tap);
            var outbox = tap.Program?.Outbox;
            var acknowledged = outbox?.Acknowledged ?? 0;
            var epoch = outbox?.Header.Epoch ?? hub.UpTo.Epoch;
            if (tap.Written.Count == 0 || hub.All.Count == 0)
            {
                return tap.Written.Count == 0 ? "wrote no message" : "has no message committed";
            }

            written += tap.Written.Count;
            committed += hub.All.Count;
            waiting += outbox?.Waiting ?? 0;
            var missing = tap.Written.Keys.Where(id => id.Epoch == epoch && id.Sequence <= acknowledged && !hub.Has(new MessageId(id.Epoch, id.Sequence))).ToList();
            if (missing.Count > Dropped(tap))
            {
                return $"{missing[0].Sequence} was acknowledged and is not committed";
            }

            if (all && tap.Written.Keys.FirstOrDefault(id => !hub.Has(new MessageId(id.Epoch, id.Sequence))) is { Epoch: > 0 } never && !Waits(never))
            {
                return $"{never.Sequence} was written and never came";
            }

            return all && outbox is not null && outbox.Waiting > MostWaiting ? $"{outbox.Waiting} messages still wait" : null;

            // The newest may be on their way when the run ends.
            bool Waits((ulong Epoch, ulong Sequence) id) => outbox is not null && id.Epoch == epoch && id.Sequence + MostWaiting >= outbox.Header.Sequence;
        });
        return Verdict(
            step, all ? "every message that was written is committed" : "every message that was acknowledged is committed", lost,
            string.Create(CultureInfo.InvariantCulture, $"{committed} committed of {written} written, {waiting} still on their way"));
    }

    private const int MostWaiting = 8;

    private Check List(ScenarioStep step)
    {
        var newest = world.Hub.Repository.ListVersions[^1];
        var wrong = Each(step, tap =>
        {
            var version = tap.Program?.Updates.List?.Version ?? 0;
            return step.Text("list") == "newest" ? (version == newest ? null : $"has {Version(version)}") : version > 0 ? null : "has none";
        });
        return Verdict(step, step.Text("list") == "newest" ? $"blocklist {newest} in force" : "a published blocklist in force", wrong, $"{world.Meant(step).Count} taps have it");
    }

    private Check Boots(ScenarioStep step)
    {
        int verified = 0, old = 0, renewed = 0;
        var published = world.Hub.Repository.ListVersions;
        var wrong = Each(step, tap =>
        {
            foreach (var (start, next) in tap.Starts.Zip(tap.Starts.Skip(1).Select(s => s.AtNs).Append(long.MaxValue)))
            {
                if (start.First == 0)
                {
                    var had = Math.Min(next, TapTraffic.Ns(scenario.Lasts)) - start.AtNs;
                    if (start.Before > 0 && had > BootPatienceNs)
                    {
                        return $"came to no list in {Seconds(had)} after its start at {Seconds(start.AtNs)}";
                    }

                    continue;
                }

                if (!published.Contains(start.First) || start.First < start.Before)
                {
                    return $"came up with list {start.First} after {start.Before} at {Seconds(start.AtNs)}";
                }

                if (start.Before > 0)
                {
                    verified++;
                    old += start.First == start.Before ? 1 : 0;
                    renewed += start.First > start.Before ? 1 : 0;
                }
            }

            return null;
        });
        var seen = string.Create(CultureInfo.InvariantCulture, $"{verified} starts with a verified list, {old} with the one before, {renewed} with a newer one");
        if (wrong.Count == 0 && verified < step.Count("times"))
        {
            wrong = [("all", $"only {verified} starts")];
        }

        return Verdict(step, string.Create(CultureInfo.InvariantCulture, $"at least {step.Count("times")} starts, each with a whole, verified list, old or new"), wrong, seen);
    }

    private Check Refused(ScenarioStep step)
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        var wanted = step.Words("refused").Where(w => w != "any").ToHashSet();
        var missing = Each(step, tap =>
        {
            var told = world.Hub.Of(tap).All.Where(m => m.AtNs >= TapTraffic.Ns(step.Time("from")!.Value)).Select(m => (m.Message as ReceiptMessage)?.Refusal).OfType<string>().ToList();
            told.ForEach(r => counts[r] = counts.GetValueOrDefault(r) + 1);
            return told.Count == 0 ? "refused nothing" : wanted.Except(told).FirstOrDefault() is { } reason ? $"never told {reason}" : null;
        });
        return Verdict(
            step, wanted.Count == 0 ? "updates refused, and the reason told" : $"updates refused with {string.Join(", ", wanted)}", missing,
            counts.Count == 0 ? "none" : string.Join(", ", counts.Select(c => string.Create(CultureInfo.InvariantCulture, $"{c.Key} ×{c.Value}"))));
    }

    private Check Statistics(ScenarioStep step)
    {
        int right = 0, doubtful = 0;
        var exact = step.Text("statistics") == "exact";
        var wrong = Each(step, tap =>
        {
            var compared = 0;
            foreach (var (message, report) in ReportsOf(tap, step))
            {
                var truth = new StatisticsTruth(world.Truths[tap], report, tap.Written.GetValueOrDefault((message.Id.Epoch, message.Id.Sequence)).ErrorMs);
                compared += truth.IsOfNothing ? 0 : 1;
                if (report.Measurement.DroppedPackets is null)
                {
                    doubtful++;
                    if (exact)
                    {
                        return $"says of {message.Id.Sequence} that it is doubtful";
                    }
                }
                else if (truth.Contradiction(exact) is { } contradiction)
                {
                    return $"report {message.Id.Sequence}: {contradiction}";
                }
                else
                {
                    right += truth.IsOfNothing ? 0 : 1;
                }
            }

            return compared == 0 ? "has no report of a window in which something came" : null;
        });
        if (wrong.Count == 0 && right < step.Count("reports"))
        {
            wrong = [("all", $"only {right} reports could be compared")];
        }

        if (wrong.Count == 0 && doubtful < step.Count("doubtful"))
        {
            wrong = [("all", $"only {doubtful} reports say that they are doubtful")];
        }

        return Verdict(
            step, string.Create(CultureInfo.InvariantCulture, $"at least {step.Count("reports")} reports agree with the wire") + (exact ? "" : ", and the others say that they are doubtful"), wrong,
            string.Create(CultureInfo.InvariantCulture, $"{right} agree, {doubtful} say that they are doubtful"));
    }

    private Check Times(ScenarioStep step)
    {
        var by = TapTraffic.Ns(step.Time("by")!.Value);
        long compared = 0, worst = 0;
        var wrong = Each(step, tap =>
        {
            var before = compared;
            foreach (var (message, report) in ReportsOf(tap, step))
            {
                if (!tap.Written.TryGetValue((message.Id.Epoch, message.Id.Sequence), out var written))
                {
                    continue;
                }

                var said = (report.WindowEnd.Value - TapWorld.Start.ToUnixTimeMilliseconds()) * 1_000_000;
                var off = Math.Abs(written.AtNs - said);
                (compared, worst) = (compared + 1, Math.Max(worst, off));
                if (off > by)
                {
                    return $"report {message.Id.Sequence} says a time that is {Seconds(written.AtNs - said)} off";
                }
            }

            return compared == before ? "has no report to compare" : null;
        });

        return Verdict(step, $"times in reports are true within {TimeText.Format(step.Time("by")!.Value)}", wrong, string.Create(CultureInfo.InvariantCulture, $"{compared} reports, at most {Seconds(worst)} off"));
    }

    private Check Connects(ScenarioStep step)
    {
        var from = TapTraffic.Ns(step.Time("from")!.Value);
        var connects = world.Meant(step).SelectMany(t => t.Uplink.Connects).Where(c => c >= from).GroupBy(c => c / 1_000_000_000).Select(g => g.Count()).ToList();
        int all = connects.Sum(), busiest = connects.DefaultIfEmpty().Max();
        var share = all == 0 ? 1 : (double)busiest / all;
        return Verdict(
            step, string.Create(CultureInfo.InvariantCulture, $"at most {step.Number("in-a-second"):P0} of the connections in one second"),
            all == 0 ? [("all", "did not connect")] : share > step.Number("in-a-second") ? [("all", string.Create(CultureInfo.InvariantCulture, $"{busiest} of {all} in one second"))] : [],
            string.Create(CultureInfo.InvariantCulture, $"{all} connections in {connects.Count} different seconds, at most {busiest} in one"));
    }

    private Check Online(ScenarioStep step) =>
        Verdict(step, "measures and has its hub at the end", Each(step, tap => tap.State == UnitState.Online ? null : $"is {tap.State.ToString().ToLowerInvariant()}"), $"{world.Meant(step).Count} taps are");

    private Check Restarts(ScenarioStep step)
    {
        var most = step.Count("restarts");
        var starts = world.Meant(step).Select(t => t.Starts.Count - 1).ToList();
        return Verdict(
            step, string.Create(CultureInfo.InvariantCulture, $"{step.Count("least")} to {most} restarts a tap"),
            Each(step, tap => tap.Starts.Count == 0 ? "never started" : tap.Starts.Count - 1 > most || tap.Starts.Count - 1 < step.Count("least") ? string.Create(CultureInfo.InvariantCulture, $"restarted {tap.Starts.Count - 1} times") : null),
            string.Create(CultureInfo.InvariantCulture, $"{starts.Min()} to {starts.Max()}"));
    }

    private Check Drops(ScenarioStep step)
    {
        var some = step.Text("drops") == "some";
        var total = world.Meant(step).Sum(Dropped);
        return Verdict(
            step, some ? "messages dropped, and counted" : "no message dropped", Each(step, tap => !SaysDrops(tap) ? "never said what it dropped" : Dropped(tap) > 0 == some ? null : some ? "counts none" : $"counts {Dropped(tap)}"),
            string.Create(CultureInfo.InvariantCulture, $"{total} dropped"));
    }

    /// <summary>What the tap says that it dropped.</summary>
    private long Dropped(EmulatedTap tap) => world.Hub.Of(tap).All.Select(m => m.Message).OfType<StatusMessage>().Select(s => (long)(s.Outbox.DroppedReports + s.Outbox.DroppedAlerts))
        .Append(tap.Program is { } p ? p.Outbox.DroppedReports + p.Outbox.DroppedAlerts : 0).Max();

    private bool SaysDrops(EmulatedTap tap) => world.Hub.Of(tap).All.Any(m => m.Message is StatusMessage);

    /// <summary>What every run expects of its faults, and of clocks that start wrong: each did something to each of its taps.</summary>
    private IEnumerable<Check> Effects() => scenario.Boards.Where(b => b.Time("clock") != TimeSpan.Zero).Select(b => Effect(b, world.Named(b), "a wrong clock", ClockEffect))
        .Concat(scenario.Faults.Select(f => Effect(f, world.Meant(f), f.What, f.Kind.Effect)));

    private Check Effect(ScenarioStep step, IReadOnlyList<EmulatedTap> taps, string what, string counted)
    {
        var effects = taps.Select(t => (t.Name, Of: world.Effects.Of(step, t))).ToList();
        var (times, effective, total) = (effects.Sum(e => e.Of.Times), effects.Sum(e => e.Of.Effective), effects.Sum(e => e.Of.Total));
        var on = step.Has("on") ? $" on {step.Text("on")}" : "";
        return Verdict(
            step.Place, $"{what} has an effect{on}", [.. effects.Where(e => e.Of.Total == 0).Select(e => (e.Name, e.Of.Times == 0 ? "never had it begin" : "shows no effect of it"))],
            string.Create(CultureInfo.InvariantCulture, $"{counted}: {total}; with an effect {effective} of {times} times"));
    }

    private const string ClockEffect = "looks at a clock that was wrong by half a second or more";

    /// <summary>What no run may show: a number used for two messages, or octets that nobody can read.</summary>
    private Check Messages()
    {
        var wrong = world.Taps.Select(t => (t.Name, world.Hub.Of(t))).Where(t => t.Item2.Altered + t.Item2.Unreadable > 0)
            .Select(t => (t.Name, $"{t.Item2.Altered} numbers used twice, {t.Item2.Unreadable} unreadable")).ToList();
        var all = world.Taps.Sum(t => world.Hub.Of(t).All.Count);
        return Verdict("every run", "each message readable, each number one message for ever", all == 0 ? [("all", "said nothing")] : wrong, $"{all} messages");
    }

    private Check Heap()
    {
        var most = world.Taps.Max(world.PeakHeap);
        return Verdict(
            "every run", string.Create(CultureInfo.InvariantCulture, $"heap below {TapWorld.HeapCeiling:N0} octets"),
            most == 0 ? [("all", "never ran when it was looked at")] : [.. world.Taps.Where(t => world.PeakHeap(t) > TapWorld.HeapCeiling).Select(t => (t.Name, string.Create(CultureInfo.InvariantCulture, $"took {world.PeakHeap(t):N0} octets")))],
            string.Create(CultureInfo.InvariantCulture, $"at most {most:N0} octets"));
    }

    private List<(string Tap, string Words)> Each(ScenarioStep step, Func<EmulatedTap, string?> contradiction) =>
        [.. world.Meant(step).Select(t => (t.Name, contradiction(t))).Where(t => t.Item2 is not null).Select(t => (t.Name, t.Item2!))];

    private static Check Verdict(ScenarioStep step, string expected, IReadOnlyList<(string Tap, string Words)> wrong, string seen)
    {
        var on = step.Has("on") ? $" on {step.Text("on")}" : "";
        return Verdict(step.Place, (step.Has("words") ? step.Text("words") + ": " : "") + expected + on, wrong, seen);
    }

    private static Check Verdict(string step, string expected, IReadOnlyList<(string Tap, string Words)> wrong, string seen)
    {
        if (wrong.Count == 0)
        {
            return new Check(step, expected, seen, true, LogFile);
        }

        var more = wrong.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" (and {wrong.Count - 1} more)") : "";
        return new Check(step, expected, $"{wrong[0].Tap} {wrong[0].Words}{more}; {seen}", false, $"{LogFile}, lines of {wrong[0].Tap}");
    }

    private static string Version(long version) => version == 0 ? "none" : string.Create(CultureInfo.InvariantCulture, $"{version}");

    private static string Seconds(long nanoseconds) => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1e9:0.0} s");
}
