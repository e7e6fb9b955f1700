using System.CommandLine;
using System.Globalization;
using EdgeSensors.Hub.Api;
using Spectre.Console;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub mitigation …</c>: a person's decisions, through the API. Here what is read; the decisions are in files of their own.</summary>
internal static class MitigationCommand
{
    public static Command Create() => new("mitigation", "Measures against an address, from draft to end.")
    {
        List(), Show(), MitigationDraftCommand.Propose(), MitigationDraftCommand.Escalate(), MitigationDecisionCommand.Approve(), MitigationDecisionCommand.Revoke(),
        MitigationDecisionCommand.Complain(), MitigationStopCommand.StopAll(), MitigationStopCommand.Release(),
    };

    public static Argument<string> IdArgument() => new("ID") { Description = "The mitigation." };

    public static Option<bool> JsonOption() => new("--json") { Description = "The API's JSON." };

    public static string PathOf(string id, string what = "") => $"/api/v1/mitigations/{Uri.EscapeDataString(id)}{(what.Length > 0 ? "/" : "")}{what}";

    /// <summary>The answer to a decision: one line, or the API's JSON.</summary>
    public static void Say(MitigationView m, bool json) => Console.Out.WriteLine(
        json ? HubClient.ToJson(m) : $"{m.Id} {m.State}: {m.Step} {m.Target} for {m.DurationMinutes.ToString("0.##", CultureInfo.InvariantCulture)} minutes{(m.Outlook.Length > 0 ? "; " : "")}{m.Outlook}");

    private static Command List()
    {
        var profile = HubClient.ProfileOption();
        var all = new Option<bool>("--all") { Description = "Also what has ended." };
        var json = JsonOption();
        var command = new Command("list", "What is proposed and in force.") { profile, all, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var list = await hub.GetAsync<List<MitigationView>>($"/api/v1/mitigations?open={(parsed.GetValue(all) ? "false" : "true")}&max=1000", cancel);
            var holds = await hub.GetAsync<List<HoldView>>("/api/v1/holds", cancel);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(HubClient.ToJson(list));
                return ExitCode.Ok;
            }

            foreach (var hold in holds)
            {
                Console.Out.WriteLine($"stopped: {MitigationStopCommand.Describe(hold)}");
            }

            Print(list);
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Show()
    {
        var (id, profile, json) = (IdArgument(), HubClient.ProfileOption(), JsonOption());
        var command = new Command("show", "One mitigation: its estimate, approvals, stage, and what each sensor says of it.") { id, profile, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var mitigation = await hub.GetAsync<MitigationView>(PathOf(parsed.GetRequiredValue(id)), cancel);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(HubClient.ToJson(mitigation));
            }
            else
            {
                Print(mitigation);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static void Print(List<MitigationView> list)
    {
        if (list.Count == 0)
        {
            Console.Out.WriteLine("none");
            return;
        }

        var table = Screen.Table("id", "target", "step", "state", "stage", "until (UTC)", "hits", "by", "reason");
        foreach (var m in list)
        {
            table.AddRow(
                m.Id, Markup.Escape(m.Target), m.Step, m.State, StageOf(m), m.StopTime is { } stop ? Time(stop) : "-", Number(m.HitPackets), Markup.Escape(m.ApprovedBy ?? m.ProposedBy),
                Markup.Escape(m.Reason));
        }

        Screen.Write(table);
    }

    private static void Print(MitigationView m)
    {
        var facts = Screen.Table("what", "");
        void Row(string name, string? value)
        {
            if (!string.IsNullOrEmpty(value))
            {
                facts.AddRow(name, Markup.Escape(value));
            }
        }

        Row("mitigation", m.Id);
        Row("target", $"{m.Step} {m.Target}, {m.Direction}");
        Row("because", m.Because);
        Row("reason", m.Reason);
        Row("state", $"{m.State}: {m.Outlook}");
        Row("escalates", m.Escalates);
        Row("grant, tier", $"{m.Grant}, {m.Tier}");
        Row("proposed", $"{Time(m.ProposedAt)} by {m.ProposedBy}");
        Row("approved", $"{m.Approvals.Count} of {m.ApprovalsNeeded}{string.Concat(m.Approvals.Select(a => $"; {a.By} {Time(a.At)}"))}");
        Row("stage", m.ApprovedAt is null ? null : $"{StageOf(m)}, at {string.Join(' ', m.StageSensors.Take(8))}{(m.StageSensors.Count > 8 ? $" and {m.StageSensors.Count - 8} more" : "")}");
        Row("until", m.StopTime is { } stop ? Time(stop) : null);
        Row("would have hit", m.Impact?.Text);
        Row("hits", $"{Number(m.HitPackets)} packets, {Number(m.HitOctets)} octets{(m.HitBound is { } bound ? $"; taken back beyond {Number((ulong)bound)} packets" : "")}");
        foreach (var complaint in m.Complaints)
        {
            Row("complaint", $"{complaint.By} {Time(complaint.At)}: {complaint.Reason}");
        }

        Screen.Write(facts);
        if (m.Impact is { Services.Count: > 0 } impact)
        {
            var services = Screen.Table("protocol", "port", "flows", "packets", "octets");
            foreach (var s in impact.Services)
            {
                services.AddRow(Number((ulong)s.Protocol), Number((ulong)s.Port), Number((ulong)s.Flows), Number((ulong)s.Packets), Number((ulong)s.Octets));
            }

            Screen.Write(services);
        }

        if (m.Receipts.Count > 0)
        {
            var receipts = Screen.Table("sensor", "says", "by", "packets hit", "at (UTC)", "why");
            foreach (var r in m.Receipts)
            {
                receipts.AddRow(r.Sensor, r.State, r.Enforcer, Number(r.HitPackets), Time(r.ReceivedAt), Markup.Escape(r.Reason ?? ""));
            }

            Screen.Write(receipts);
        }
    }

    private static string StageOf(MitigationView m) => m.ApprovedAt is null ? $"{m.Approvals.Count}/{m.ApprovalsNeeded} yes" : m.Stage >= m.Stages ? "fleet" : $"{m.Stage + 1}/{m.Stages}";

    private static string Number(ulong value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
