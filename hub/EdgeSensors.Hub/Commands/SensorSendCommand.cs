using System.CommandLine;

namespace EdgeSensors.Hub.Commands;

/// <summary><c>edgesensors-hub sensor send FOLDER --port DEVICE</c>: a tap's enrolment over its serial line.</summary>
internal static class SensorSendCommand
{
    private const int Tries = 3;

    public static Command Create()
    {
        var folder = new Argument<string>("FOLDER") { Description = "The tap's enrolment folder, made by sensor add --kind tap." };
        var port = new Option<string>("--port") { Description = "The serial device, such as /dev/ttyUSB0 or COM5.", HelpName = "DEVICE", Required = true };
        var patience = Parsing.Number("--patience", "Seconds to wait for the tap's answer.", 15, 1, 600);
        var wireless = new WirelessAccess();
        var send = new Command("send", "Bring an enrolment to a tap over its serial line.") { folder, port, patience, wireless.Network, wireless.PassphraseFile };
        send.SetAction(parsed =>
        {
            var octets = TapBundle.Read(Path.GetFullPath(parsed.GetRequiredValue(folder)), wireless.Read(parsed));
            var device = parsed.GetRequiredValue(port);
            using var line = new TapLine(device);
            string? answer = null;
            for (var i = 0; i < Tries; i++)
            {
                answer = line.Ask(octets, TimeSpan.FromSeconds(parsed.GetValue(patience)));
                if (answer is not ("refused damaged" or "refused incomplete"))
                {
                    break;
                }
            }

            if (answer != "enrolled")
            {
                throw new CommandException("tap", Explain(answer, device));
            }

            Console.Out.WriteLine("the tap has taken its enrolment and restarts; delete the folder once it has reported");
            return ExitCode.Ok;
        });
        return send;
    }

    private static string Explain(string? answer, string device) => answer switch
    {
        null => $"no answer on {device}: a tap listens while its light blinks slowly and evenly (one that is enrolled does not: hold its button for 15 s), with TXD and RXD crossed.",
        "refused damaged" or "refused incomplete" => $"the tap got it damaged {Tries} times; shorten the cable, and see to its ground.",
        "refused too-long" => "the tap has no room for it; its firmware is older than this hub.",
        "refused invalid" => "the tap does not understand it; its firmware is older than this hub.",
        "refused not-kept" => "the tap's flash chip does not keep it; the board is faulty.",
        _ => "the tap gave an answer that this hub does not know; bring the hub up to date.",
    };
}
