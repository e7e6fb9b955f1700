using System.Globalization;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>Holds what came of a run of gateways against what its scenario expects. While it runs, only what is waited for is asked.</summary>
internal sealed class GatewayJudge(Scenario scenario, IReadOnlyList<Gateway> gateways, GatewayWatch watch, Cast cast, RunHead head, string logs)
{
    private const double MostShare = 0.9;

    private string HubLog => $"{logs}/hub.log";

    /// <summary>Whether all that the run waits for has come.</summary>
    public bool IsAllThere() => scenario.Expect.Where(IsWaitedFor).All(step => Judge(step).Held);

    /// <summary>Every expectation, and what holds in every run: the referee saw all that it counted.</summary>
    public IReadOnlyList<Check> Judge() => [.. scenario.Expect.Select(Judge), Referee()];

    private static bool IsWaitedFor(ScenarioStep step) => step.What is "alert" or "blocked" or "mitigation" or "rule" or "says" or "online" || (step.What == "drops" && step.Text("drops") == "some");

    private Check Judge(ScenarioStep step) => step.What switch
    {
        "alert" => Alert(step),
        "false-alarms" => FalseAlarms(step),
        "blocked" => Blocked(step),
        "passes" => Passes(step),
        "mitigation" => Mitigation(step),
        "rule" => Rule(step),
        "nothing-lost" => NothingLost(step),
        "statistics" => Statistics(step),
        "drops" => Drops(step),
        "says" => Says(step),
        "online" => Online(step),
        _ => throw new InvalidOperationException($"{step.What} is in the schema and not here."),
    };

    private IEnumerable<Gateway> Meant(ScenarioStep step) => gateways.Where(g => !step.Has("on") || g.Name == step.Text("on"));

    private bool Matches(ScenarioStep step, IncidentSeen incident) =>
        (step.Text("alert") == "any" || step.Text("alert") == incident.Detector)
        && Meant(step).Any(g => g.Sensor == incident.Sensor)
        && (!step.Has("about") || step.Prefixes("about").Any(p => IsAbout(incident.Indicator, p)))
        && (!step.Has("technique") || step.Text("technique") == incident.Technique)
        && incident.ToldAt >= head.Start + step.Time("from")!.Value;

    private static bool IsAbout(string indicator, Prefix address) => indicator.Split('/')[0] == address.Address.ToString();

    private Check Alert(ScenarioStep step)
    {
        var expected = $"{step.Text("alert")} alert" + About(step) + (step.Has("technique") ? $", {step.Text("technique")}" : "")
            + (step.Time("within") is { } within ? $" within {TimeText.Format(within)} of {TimeText.Format(step.Time("from")!.Value)}" : "");
        if (watch.State.Incidents.Where(i => Matches(step, i)).MinBy(i => i.ReceivedAt) is not { } first)
        {
            var others = string.Join("; ", watch.State.Incidents.Take(3).Select(i => $"{i.Detector} of {i.Indicator}"));
            return Verdict(step, expected, others.Length == 0 ? "no alert at all" : $"only {others}", false, Logs(step), null);
        }

        var after = Max(first.ReceivedAt - head.Start - step.Time("from")!.Value, TimeSpan.Zero);
        return Verdict(step, expected, $"first after {Seconds(after)}; by the end: {first.Words()}", step.Time("within") is not { } most || after <= most, Logs(step), first.ReceivedAt);
    }

    private Check FalseAlarms(ScenarioStep step)
    {
        var wanted = scenario.Expect.Where(e => e.What == "alert").ToList();
        var unwanted = watch.State.Incidents.Where(i => Meant(step).Any(g => g.Sensor == i.Sensor) && !wanted.Any(w => Matches(w, i))).ToList();
        return Verdict(
            step, $"at most {step.Count("false-alarms")} findings that nothing explains", unwanted.Count == 0 ? "none" : $"{unwanted.Count}: {string.Join("; ", unwanted.Take(3).Select(i => i.Words()))}",
            unwanted.Count <= step.Count("false-alarms"), Logs(step), unwanted.FirstOrDefault()?.ReceivedAt);
    }

    private Check Blocked(ScenarioStep step)
    {
        var words = new List<string>();
        var held = true;
        DateTimeOffset? at = null;
        foreach (var (gateway, address) in Meant(step).SelectMany(g => step.Prefixes("blocked").Select(p => (g, HostAddress.From(p.Address)))))
        {
            var rule = watch.InForce(gateway).Where(m => m.Address == address).Select(m => m.Mitigation).FirstOrDefault();
            var alert = watch.State.Incidents.Where(i => i.Sensor == gateway.Sensor && i.Indicator == address.ToString()).Select(i => (DateTimeOffset?)i.ReceivedAt).Min();
            if (rule is null)
            {
                words.Add($"{gateway.Name} does not block {address}");
                held = false;
                continue;
            }

            var hits = rule.Receipts.First(r => r.Sensor == gateway.Sensor).HitPackets;
            if (gateway.DroppingSince(address) is not { } drop)
            {
                words.Add($"{gateway.Name} blocks {address}, and no packet of it was dropped");
                held = false;
                continue;
            }

            var after = gateway.ArrivedFrom(address) - drop.Arrived;
            var took = alert is { } first ? drop.At - first : (TimeSpan?)null;
            words.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{gateway.Name}: {drop.Arrived} of {address} came before, {after} after the first drop{(took is { } t ? $" {Seconds(t)} after the alert" : "")}; {hits} hits"));
            held &= drop.Arrived > 0 && after == 0 && hits > 0 && (step.Time("within") is not { } most || took <= most);
            at ??= drop.At;
        }

        return Verdict(step, $"{Names(step.Prefixes("blocked"))} blocked" + (step.Time("within") is { } within ? $" within {TimeText.Format(within)} of the alert" : ""), string.Join("; ", words), held, Logs(step), at);
    }

    private Check Passes(ScenarioStep step)
    {
        var named = scenario.Expect.Where(e => e.What is "blocked" or "rule").SelectMany(e => e.Prefixes(e.What == "rule" ? "about" : "blocked")).Select(p => HostAddress.From(p.Address)).ToHashSet();
        long went = 0, came = 0;
        var held = true;
        var words = new List<string>();
        foreach (var gateway in Meant(step))
        {
            foreach (var (mitigation, address) in watch.InForce(gateway).Where(m => !named.Contains(m.Address)))
            {
                words.Add($"{gateway.Name} blocks {address} ({mitigation.State})");
                held = false;
            }

            if (gateway.Ledger?.Count(named, control: null) is { } figures)
            {
                (went, came) = (went + figures.OtherIn, came + figures.OtherThrough);
            }
        }

        words.Insert(0, string.Create(CultureInfo.InvariantCulture, $"{came} of {went} came through"));
        return Verdict(step, "nobody else is blocked, and all other packets come through", string.Join("; ", words), held && went > 0 && went - came <= step.Count("lost") && came <= went, Logs(step), null);
    }

    private Check Mitigation(ScenarioStep step)
    {
        var published = step.Text("mitigation") == "published";
        var found = watch.State.Mitigations.FirstOrDefault(m => (!step.Has("about") || step.Prefixes("about").Any(p => IsAbout(m.Target, p))) && (!published || m.PublishedAt is not null));
        return Verdict(
            step, $"a mitigation{About(step)} is {step.Text("mitigation")}", found is null ? "none" : $"{found.Target}: {found.State}, proposed by {RingWatch.Who(found.ProposedBy)}", found is not null, HubLog,
            found?.PublishedAt ?? found?.ApprovedAt);
    }

    private Check Rule(ScenarioStep step)
    {
        var words = new List<string>();
        var held = true;
        foreach (var gateway in Meant(step))
        {
            var receipt = watch.State.Mitigations.Where(m => step.Prefixes("about").Any(p => IsAbout(m.Target, p))).SelectMany(m => m.Receipts).FirstOrDefault(r => r.Sensor == gateway.Sensor);
            words.Add($"{gateway.Name}: {(receipt is null ? "said nothing" : receipt.State + (receipt.Reason is { } reason ? $" ({reason})" : ""))}");
            held &= receipt?.State == step.Text("rule");
        }

        return Verdict(step, $"the rule{About(step)} is {step.Text("rule")}", string.Join("; ", words), held, Logs(step), null);
    }

    private Check NothingLost(ScenarioStep step)
    {
        var all = step.Text("nothing-lost") == "all";
        var words = new List<string>();
        var held = true;
        foreach (var gateway in Meant(step))
        {
            var (ledger, outbox) = (watch.LedgerOf(gateway), watch.OutboxOf(gateway));
            if (outbox is null)
            {
                words.Add($"{gateway.Name}: its outbox cannot be read");
                held = false;
                continue;
            }

            // Whatever is not waiting any more was acknowledged, but for what was dropped to make room, which is counted.
            var end = outbox.Waiting > 0 ? outbox.Oldest : outbox.Next;
            long missing = 0;
            for (ulong sequence = 1; sequence < end; sequence++)
            {
                missing += ledger.Has(new MessageId(outbox.Epoch, sequence)) ? 0 : 1;
            }

            words.Add(string.Create(
                CultureInfo.InvariantCulture, $"{gateway.Name}: {outbox.Next - 1} written, {ledger.Count} committed, {outbox.Waiting} wait, {outbox.Dropped} dropped, {missing} acknowledged and missing, {ledger.Twice} twice"));
            held &= missing == 0 && ledger is { Twice: 0, Unreadable: 0, Count: > 0 } && (!all || (outbox.Waiting == 0 && outbox.Dropped == 0));
        }

        return Verdict(step, all ? "every message has come, once" : "every acknowledged message is committed, once", string.Join("; ", words), held, $"{Logs(step)}, {HubLog}", null);
    }

    private Check Statistics(ScenarioStep step)
    {
        var words = new List<string>();
        var held = true;
        foreach (var gateway in Meant(step))
        {
            var ledger = watch.LedgerOf(gateway);
            var (onLink, reported) = (gateway.OnLink, (long)ledger.Packets);
            var unsent = watch.OutboxOf(gateway)?.Dropped ?? 0;
            var lost = onLink - reported - (long)ledger.Dropped;
            var said = HonestStatistics.Of(ledger.Reports.Select(r => r.Report), unsent);
            words.Add(string.Create(
                CultureInfo.InvariantCulture, $"{gateway.Name}: {onLink} on the link, {reported} reported in {ledger.Reports.Count} windows, {ledger.Dropped} said to be dropped, {ledger.Doubtful} windows said to be doubtful, {unsent} messages counted as dropped"));
            if (lost != 0 && step.Text("statistics") == "honest")
            {
                words.Add(lost < 0 ? $"{-lost} were not there" : $"{lost} are missing, of {said.Crossed(gateway.EnteredBetween)} that crossed while it says that it does not know{(said.Unsaid > 0 ? $"; of {said.Unsaid} windows that did not come it says nothing" : "")}");
            }

            held &= onLink > 0 && step.Text("statistics") switch
            {
                "exact" => lost == 0,
                "honest" => said.Explains(lost, gateway.EnteredBetween),
                _ => reported <= onLink && reported >= onLink * MostShare,
            };
        }

        var expected = step.Text("statistics") switch
        {
            "exact" => "the reports' packets are the link's",
            "honest" => "the reports' packets are the link's, but for some that crossed while they say that they do not know",
            _ => "nine tenths of the link's packets are reported, and none that were not there",
        };
        return Verdict(step, expected, string.Join("; ", words), held, Logs(step), null);
    }

    private Check Drops(ScenarioStep step)
    {
        var some = step.Text("drops") == "some";
        var each = Meant(step).Select(g => (g.Name, Told: watch.LedgerOf(g).Status?.Outbox is { } o ? o.DroppedReports + o.DroppedAlerts + o.DroppedReceipts : 0)).ToList();
        return Verdict(
            step, $"{step.Text("drops")} messages dropped, as told to the hub", string.Join("; ", each.Select(e => string.Create(CultureInfo.InvariantCulture, $"{e.Name}: {e.Told}"))), each.All(e => e.Told > 0 == some), Logs(step), null);
    }

    private Check Says(ScenarioStep step)
    {
        var programs = step.Has("on") ? Meant(step).Select(g => (LogOf(g), g.Agent!.Said)) : [(HubLog, cast.Hub.Said)];
        var (log, lines) = programs.First();
        var line = lines.FirstOrDefault(l => l.Text.Contains(step.Text("says"), StringComparison.Ordinal));
        return Verdict(step, $"it says \"{step.Text("says")}\"", line is null ? "it does not" : line.Text, line is not null, log, line?.At);
    }

    private Check Online(ScenarioStep step)
    {
        var words = new List<string>();
        var held = true;
        foreach (var gateway in Meant(step))
        {
            var last = watch.LedgerOf(gateway).LastReport;
            var age = watch.AnsweredAt - last?.At;
            words.Add(age is { } a ? $"{gateway.Name}: the last window came {Seconds(Max(a, TimeSpan.Zero))} before the end" : $"{gateway.Name}: none came");
            held &= last?.IsComingAt(watch.AnsweredAt) == true && last.Report.AuthorizationId is not null;
        }

        var well = watch.IsWell;
        return Verdict(step, "windows come to the hub, which is well", $"{string.Join("; ", words)}; the hub is {(well ? "well" : "not well")}", held && well, $"{Logs(step)}, {HubLog}", null);
    }

    private Check Referee()
    {
        var missed = gateways.Sum(g => g.Missed);
        return new Check("referee", "the referee saw every packet that it counted", missed == 0 ? "it did" : string.Create(CultureInfo.InvariantCulture, $"it missed {missed}: the machine is too busy, so that the counts are not exact"), missed == 0, "series traffic");
    }

    // Where to look: the log, and the moment or the end of the run.
    private Check Verdict(ScenarioStep step, string expected, string seen, bool held, string log, DateTimeOffset? at)
    {
        var moment = (at ?? watch.AnsweredAt).UtcDateTime.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);
        return new Check(step.Place, step.Has("words") ? step.Text("words") : expected, seen, held, at is null ? $"{log} (until {moment})" : $"{log} at {moment}");
    }

    private string Logs(ScenarioStep step) => string.Join(", ", Meant(step).Select(LogOf));

    private string LogOf(Gateway gateway) => $"{logs}/{gateway.LogName}";

    private static string About(ScenarioStep step) => step.Has("about") ? $" about {Names(step.Prefixes("about"))}" : "";

    private static string Names(IEnumerable<Prefix> addresses) => string.Join(", ", addresses.Select(p => p.Address));

    private static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds:0.0} s");

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
