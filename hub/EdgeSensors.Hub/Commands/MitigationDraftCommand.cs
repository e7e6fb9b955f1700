using System.CommandLine;
using EdgeSensors.Hub.Api;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub mitigation propose|escalate</c>: drafts, which others approve.</summary>
internal static class MitigationDraftCommand
{
    public static Command Propose()
    {
        var target = new Argument<Prefix>("ADDRESS") { Description = "The address, or a prefix where a grant allows one.", CustomParser = Parsing.Prefix };
        var profile = HubClient.ProfileOption();
        var reason = new Option<string>("--reason") { Description = "Why, for whoever approves and for the record.", HelpName = "TEXT", Required = true };
        var step = Parsing.Word("--start-at", "The rung of the ladder to start at.", "observe", "observe", "rate-limit", "drop");
        var because = new Option<string?>("--because") { Description = "Why it starts above observe.", HelpName = "TEXT" };
        var minutes = Parsing.Number("--minutes", "How long it lasts from its approval.", 60, 1, 43_200);
        var sensors = new Option<string[]>("--sensor") { Description = "Where: *, operator/* or operator/sensor (default: wherever the grant allows).", HelpName = "PATTERN" };
        var incident = new Option<long?>("--incident") { Description = "The incident it rests on.", HelpName = "ID" };
        var connection = new ConnectionOptions();
        var json = MitigationCommand.JsonOption();
        var command = new Command("propose", "Propose a measure; somebody approves it afterwards.")
        {
            target, connection.Protocol, connection.Port, connection.Peer, connection.PeerPort, connection.Direction, profile, reason, step, because, minutes, sensors, incident, json,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var (asked, direction) = connection.Read(parsed, parsed.GetValue(target));
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var body = new ProposalBody(
                asked.ToString(), parsed.GetValue(reason), parsed.GetValue(step), parsed.GetValue(minutes), parsed.GetValue(sensors),
                parsed.GetValue(incident), direction, parsed.GetValue(because));
            MitigationCommand.Say(await hub.PostAsync<MitigationView>("/api/v1/mitigations", body, cancel), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Escalate()
    {
        var (id, profile, json) = (MitigationCommand.IdArgument(), HubClient.ProfileOption(), MitigationCommand.JsonOption());
        var because = new Option<string>("--because") { Description = "Why the rung it is at does not do.", HelpName = "TEXT", Required = true };
        var to = new Option<string?>("--to") { Description = "The rung (default: the next one).", HelpName = "rate-limit|drop" };
        var command = new Command("escalate", "Propose the next rung of the ladder for a measure in force; it needs its own approvals.") { id, profile, because, to, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var body = new EscalationBody(parsed.GetValue(to), parsed.GetValue(because));
            MitigationCommand.Say(
                await hub.PostAsync<MitigationView>(MitigationCommand.PathOf(parsed.GetRequiredValue(id), "escalate"), body, cancel), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }
}
