using System.CommandLine;
using EdgeSensors.Hub.Api;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub mitigation stop-all|release</c>: the kill switch.</summary>
internal static class MitigationStopCommand
{
    public static Command StopAll() => Make(
        "stop-all", "Take back everything at once, enforced blocklists too, and let nothing new begin until somebody releases it.",
        async (hub, body, json, cancel) =>
        {
            var stopped = await hub.PostAsync<StoppedView>("/api/v1/holds", body, cancel);
            Console.Out.WriteLine(json ? HubClient.ToJson(stopped) : $"{stopped.Revoked} taken back; stopped: {Describe(stopped.Hold)}");
        });

    public static Command Release() => Make(
        "release", "Let new measures begin again, and blocklists be enforced as they are signed; mitigations that were taken back stay so.",
        async (hub, body, json, cancel) =>
        {
            var holds = await hub.PostAsync<List<HoldView>>("/api/v1/holds/release", body, cancel);
            Console.Out.WriteLine(json ? HubClient.ToJson(holds) : holds.Count == 0 ? "nothing is stopped" : $"still stopped: {string.Join("; ", holds.Select(hold => $"{Describe(hold)} (release{(hold.Issuer == Decide.Hold.Everything ? "" : $" --issuer {hold.Issuer}")})"))}");
        });

    public static string Describe(HoldView hold) =>
        $"{(hold.Issuer == Decide.Hold.Everything ? "everything" : hold.Issuer)} by {hold.By}, {DateTimeOffset.FromUnixTimeMilliseconds(hold.At):yyyy-MM-dd HH:mm:ss} UTC: {hold.Reason}";

    private static Command Make(string name, string description, Func<HubClient, HoldBody, bool, CancellationToken, Task> act)
    {
        var (profile, json) = (HubClient.ProfileOption(), MitigationCommand.JsonOption());
        var issuer = new Option<OperatorId?>("--issuer") { Description = "Only what rests on this issuer's grants (default: everything).", HelpName = "NAME", CustomParser = result => Parsing.Operator(result) };
        var reason = new Option<string>("--reason") { Description = "Why, for the record.", HelpName = "TEXT", Required = true };
        var command = new Command(name, description) { profile, issuer, reason, json };
        command.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            await act(hub, new HoldBody(parsed.GetValue(issuer)?.Text, parsed.GetValue(reason)), parsed.GetValue(json), cancel);
            return ExitCode.Ok;
        });
        return command;
    }
}
