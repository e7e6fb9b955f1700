using System.CommandLine;
using System.Globalization;
using EdgeSensors.Hub.Api;
using Spectre.Console;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub alert list</c>: incidents with the alerts they rest on.</summary>
internal static class AlertCommand
{
    public static Command Create()
    {
        var profile = HubClient.ProfileOption();
        var hours = Parsing.Number("--hours", "How far back.", 24, 1, 100_000);
        var json = new Option<bool>("--json") { Description = "The API's JSON." };
        var list = new Command("list", "Incidents, the latest first, with each sensor's evidence.") { profile, hours, json };
        list.SetAction(async (parsed, cancel) =>
        {
            using var hub = HubClient.Open(parsed.GetRequiredValue(profile));
            var since = DateTimeOffset.UtcNow.AddHours(-parsed.GetValue(hours)).ToUnixTimeMilliseconds();
            var incidents = await hub.GetAsync<List<IncidentView>>($"/api/v1/incidents?since={since}&max=1000", cancel);
            if (parsed.GetValue(json))
            {
                Console.Out.WriteLine(HubClient.ToJson(incidents));
            }
            else
            {
                Print(incidents);
            }

            return ExitCode.Ok;
        });
        return new Command("alert", "What sensors reported, joined.") { list };
    }

    private static void Print(List<IncidentView> incidents)
    {
        if (incidents.Count == 0)
        {
            Console.Out.WriteLine("none");
            return;
        }

        var table = Screen.Table("incident", "indicator", "technique", "confidence", "first seen (UTC)", "last seen (UTC)", "sensors", "left to people because");
        foreach (var i in incidents)
        {
            table.AddRow(
                i.Id.ToString(CultureInfo.InvariantCulture), i.Indicator, string.Join(' ', i.Techniques), i.Confidence.ToString(CultureInfo.InvariantCulture),
                Time(i.FirstSeen), Time(i.LastSeen), string.Join(' ', i.Evidence.Select(e => e.Sensor).Distinct()), Markup.Escape(i.LeftToPeople ?? "-"));
        }

        Screen.Write(table);
    }

    private static string Time(long milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(milliseconds).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
