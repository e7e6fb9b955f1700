using System.CommandLine;
using EdgeSensors.Hub.Api;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub mitigation approve|revoke|complain</c>: yes, no, and the word of those who bear it.</summary>
internal static class MitigationDecisionCommand
{
    public static Command Approve()
    {
        var (id, profile, json) = (MitigationCommand.IdArgument(), HubClient.ProfileOption(), MitigationCommand.JsonOption());
        var command = new Command("approve", "Approve a proposal: with the last approval that its grant asks for it is signed and published.") { id, profile, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            MitigationCommand.Say(
                await hub.PostAsync<MitigationView>(MitigationCommand.PathOf(parsed.GetRequiredValue(id), "approve"), new { }, cancel), parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Revoke()
    {
        var (id, profile, json) = (MitigationCommand.IdArgument(), HubClient.ProfileOption(), MitigationCommand.JsonOption());
        var reason = new Option<string?>("--reason") { Description = "Why, for the record.", HelpName = "TEXT" };
        var command = new Command("revoke", "Take a measure back, or turn a proposal down.") { id, profile, reason, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            MitigationCommand.Say(
                await hub.PostAsync<MitigationView>(MitigationCommand.PathOf(parsed.GetRequiredValue(id), "revoke"), new RevocationBody(parsed.GetValue(reason)), cancel),
                parsed.GetValue(json));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Command Complain()
    {
        var (id, json) = (MitigationCommand.IdArgument(), MitigationCommand.JsonOption());
        var profile = new Option<string?>("--profile") { Description = "Complain as the person of this profile.", HelpName = "FOLDER" };
        var enrolment = new Option<string?>("--enrolment") { Description = "Complain as the owner of the sensor whose enrolment this is.", HelpName = "FOLDER" };
        var reason = new Option<string>("--reason") { Description = "What it hits that it should not.", HelpName = "TEXT", Required = true };
        var command = new Command("complain", "Object to a measure in force: it goes no further, and is taken back at its grant's bound.") { id, profile, enrolment, reason, json };
        command.Validators.Add(result =>
        {
            if (result.GetValue(profile) is null == result.GetValue(enrolment) is null)
            {
                result.AddError("Give either --profile or --enrolment.");
            }
        });
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = parsed.GetValue(enrolment) is { } folder ? HubClient.OpenEnrolment(folder) : HubClient.Open(parsed.GetValue(profile)!);
            var answer = await hub.PostAsync<ComplainedView>(
                MitigationCommand.PathOf(parsed.GetRequiredValue(id), "complain"), new RevocationBody(parsed.GetValue(reason)), cancel);
            Console.Out.WriteLine(
                parsed.GetValue(json) ? HubClient.ToJson(answer) : $"{answer.Id} {answer.State}: {answer.Step} {answer.Target}; {answer.Complaints} operators complained");
            return ExitCode.Ok;
        });
        return command;
    }
}
