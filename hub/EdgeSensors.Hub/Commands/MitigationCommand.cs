using System.CommandLine;
using EdgeSensors.Hub.Api;
using EdgeSensors.Protocol;
using Spectre.Console;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub mitigation propose|approve|revoke|list</c>: a person's decisions, through the API.</summary>
internal static class MitigationCommand
{
    public static Command Create() => new("mitigation", "Measures against an address: propose, approve, revoke, list.") { List(), Propose(), Approve(), Revoke() };

    private static Command List()
    {
        var profile = HubClient.ProfileOption();
        var all = new Option<bool>("--all") { Description = "Also what has ended." };
        var json = new Option<bool>("--json") { Description = "The API's JSON." };
        var command = new Command("list", "What is proposed and in force.") { profile, all, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var list = await hub.GetAsync<List<MitigationView>>($"/api/v1/mitigations?open={(parsed.GetValue(all) ? "false" : "true")}&max=1000", cancel);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(HubClient.ToJson(list));
            }
            else
            {
                Print(list);
            }

            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Propose()
    {
        var target = new Argument<Prefix>("ADDRESS") { Description = "The address, or a prefix where a grant allows one.", CustomParser = Parsing.Prefix };
        var profile = HubClient.ProfileOption();
        var reason = new Option<string>("--reason") { Description = "Why, for whoever approves and for the record.", HelpName = "TEXT", Required = true };
        var step = Parsing.Word("--step", "The rung of the ladder.", "drop", "observe", "rate-limit", "drop");
        var minutes = Parsing.Number("--minutes", "How long it lasts from its approval.", 60, 1, 43_200);
        var sensors = new Option<string[]>("--sensor") { Description = "Where: *, operator/* or operator/sensor (default: wherever the grant allows).", HelpName = "PATTERN" };
        var incident = new Option<long?>("--incident") { Description = "The incident it rests on.", HelpName = "ID" };
        var connection = new ConnectionOptions();
        var command = new Command("propose", "Propose a measure; somebody approves it afterwards.")
        {
            target, connection.Protocol, connection.Port, connection.Peer, connection.PeerPort, connection.Direction, profile, reason, step, minutes, sensors, incident,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var (asked, direction) = connection.Read(parsed, parsed.GetValue(target));
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var body = new ProposalBody(
                asked.ToString(), parsed.GetValue(reason), parsed.GetValue(step), parsed.GetValue(minutes), parsed.GetValue(sensors), parsed.GetValue(incident), direction);
            Say(await hub.PostAsync<MitigationView>("/api/v1/mitigations", body, cancel));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Approve()
    {
        var id = new Argument<string>("ID") { Description = "The mitigation." };
        var profile = HubClient.ProfileOption();
        var command = new Command("approve", "Approve a proposal: it is signed and published at once.") { id, profile };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            Say(await hub.PostAsync<MitigationView>($"/api/v1/mitigations/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/approve", new { }, cancel));
            return ExitCode.Ok;
        });
        return command;
    }

    private static Command Revoke()
    {
        var id = new Argument<string>("ID") { Description = "The mitigation." };
        var profile = HubClient.ProfileOption();
        var reason = new Option<string?>("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };
        var command = new Command("revoke", "Take a measure back, or turn a proposal down.") { id, profile, reason };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            Say(await hub.PostAsync<MitigationView>(
                $"/api/v1/mitigations/{Uri.EscapeDataString(parsed.GetRequiredValue(id))}/revoke", new RevocationBody(parsed.GetValue(reason)), cancel));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Say(MitigationView m) => Console.Out.WriteLine($"{m.Id} {m.State}: {m.Step} {m.Target} for {m.DurationMinutes:0.##} minutes");

    private static void Print(List<MitigationView> list)
    {
        if (list.Count == 0)
        {
            Console.Out.WriteLine("none");
            return;
        }

        var table = Screen.Table("id", "target", "step", "state", "until (UTC)", "hits", "by", "reason");
        foreach (var m in list)
        {
            table.AddRow(
                m.Id, Markup.Escape(m.Target), m.Step, m.State, m.StopTime is { } stop ? DateTimeOffset.FromUnixTimeMilliseconds(stop).ToString("HH:mm:ss") : "-",
                m.HitPackets.ToString(System.Globalization.CultureInfo.InvariantCulture), Markup.Escape(m.ApprovedBy ?? m.ProposedBy), Markup.Escape(m.Reason));
        }

        Screen.Write(table);
    }
}
