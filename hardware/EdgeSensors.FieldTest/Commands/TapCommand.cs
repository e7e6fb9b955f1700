using System.CommandLine;
using System.Globalization;
using EdgeSensors.FieldTest.Desk;
using EdgeSensors.Hardware.Wire;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>tap --wire eth0 --enrolment FOLDER</c>: one emulated tap on a live interface and a real hub, with its LED and button in the terminal.</summary>
internal static class TapCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var wire = new Option<string>("--wire") { Description = "The interface that stands for the mirror port; only headers are taken from it.", HelpName = "NAME", Required = true };
        var hub = new Option<(string Host, int Port)?>("--hub")
        {
            Description = "The hub's broker (default: the enrolment's).",
            HelpName = "HOST:PORT",
            CustomParser = result =>
            {
                if (TryParseHub(result.Tokens[0].Value, out var parsed))
                {
                    return parsed;
                }

                result.AddError("--hub takes HOST:PORT, such as 192.0.2.1:8883 or [2001:db8::1]:8883.");
                return null;
            },
        };
        var enrolment = new Option<string>("--enrolment") { Description = "The folder that edgesensors-hub sensor add --kind tap made.", HelpName = "FOLDER", Required = true };
        var state = new Option<string?>("--state") { Description = "The file that is its flash (made where there is none; it holds private keys). Without it the tap forgets all when it ends.", HelpName = "FILE" };
        var window = Parsing.Number("--window", "How long a window is.", "SECONDS", 60, 1, 3600);
        var command = new Command("tap", "One emulated tap on the desk: a live interface, a real hub, its LED and button in the terminal.") { wire, hub, enrolment, state, window };
        command.SetAction((parsed, stop) => RunAsync(
            new DeskOptions
            {
                Wire = parsed.GetRequiredValue(wire),
                Hub = parsed.GetValue(hub),
                Enrolment = parsed.GetRequiredValue(enrolment),
                State = parsed.GetValue(state),
                Window = TimeSpan.FromSeconds(parsed.GetValue(window)),
            },
            stop));
        return command;
    }

    /// <summary>Reads HOST:PORT, an IPv6 address in brackets.</summary>
    internal static bool TryParseHub(string text, out (string Host, int Port) hub)
    {
        hub = default;
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65_535)
        {
            return false;
        }

        var host = text[..colon];
        var isBracketed = host.StartsWith('[') && host.EndsWith(']');
        hub = (isBracketed ? host[1..^1] : host, port);
        return Uri.CheckHostName(hub.Host) is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6 && isBracketed == hub.Host.Contains(':');
    }

    private static async Task<int> RunAsync(DeskOptions options, CancellationToken stop)
    {
        if (!LiveWire.TryOpen(options.Wire, TimeProvider.System, out var wire, out var error))
        {
            await Console.Error.WriteLineAsync($"error[wire]: {error}");
            return ExitCode.Failed;
        }

        using (wire)
        {
            try
            {
                using var tap = new DeskTap(options, wire, TimeProvider.System);
                var running = Task.Factory.StartNew(() => tap.Run(stop), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                new DeskScreen(tap, options, AnsiConsole.Console).Show(running);
                await running.ConfigureAwait(false);
                return ExitCode.Ok;
            }
            catch (DeskException e)
            {
                await Console.Error.WriteLineAsync($"error[{e.Area}]: {e.Message}");
                return ExitCode.Failed;
            }
        }
    }
}
