using System.CommandLine;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Exports;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>replay-exports CAPTURE --to udp://127.0.0.1:4739</c>: sends a capture's IPFIX, NetFlow and sFlow datagrams to a collector, with what can happen to them on the way.</summary>
internal static class ReplayExportsCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var capture = new Argument<string>("CAPTURE") { Description = "A pcap or pcapng file with export datagrams, or a file that is one datagram." };
        var to = new Option<ListenUrl?>("--to")
        {
            Description = "The collector: udp://127.0.0.1:4739.",
            HelpName = "URL",
            Required = true,
            CustomParser = result =>
            {
                if (ListenUrl.TryParse(result.Tokens[0].Value, out var url, out _) && url.Transport == ListenTransport.Udp)
                {
                    return url;
                }

                result.AddError("--to takes a URL such as udp://127.0.0.1:4739.");
                return null;
            },
        };
        var speed = Parsing.Number("--speed", "Times the capture's own pace; 0 for as fast as can be.", "X", 0, 0, 1_000_000);
        var rate = Parsing.Number("--rate", "Most datagrams a second; 0 for no bound.", "N", 0, 0, 10_000_000);
        var passes = Parsing.Number("--passes", "How often all is sent.", "N", 1, 1, 1_000_000);
        var loss = Parsing.Number("--loss", "Percent of the datagrams that are lost.", "PERCENT", 0, 0, 100);
        var reorder = Parsing.Number("--reorder", "Percent that are overtaken by the next.", "PERCENT", 0, 0, 100);
        var duplicate = Parsing.Number("--duplicate", "Percent that come twice.", "PERCENT", 0, 0, 100);
        var templates = Parsing.Number("--lose-templates", "Of each exporter's first datagrams with templates, how many are lost.", "N", 0, 0, 1_000_000);
        var restart = new Option<double?>("--restart-after") { Description = "The exporters restart after so many percent of their datagrams.", HelpName = "PERCENT" };
        var one = new Option<bool>("--one-address") { Description = "All exporters send from one address and port." };
        var seed = Parsing.Number("--seed", "Chooses what happens to which.", "N", 1, 0, int.MaxValue);
        var command = new Command("replay-exports", "Send a capture's export datagrams to a collector, with loss, disorder and restarts.")
        {
            capture, to, speed, rate, passes, loss, reorder, duplicate, templates, restart, one, seed,
        };
        command.SetAction((parsed, stop) =>
        {
            var impairments = new Impairments
            {
                Seed = (int)parsed.GetValue(seed),
                Loss = parsed.GetValue(loss) / 100,
                Reordering = parsed.GetValue(reorder) / 100,
                Duplication = parsed.GetValue(duplicate) / 100,
                LostTemplates = (int)parsed.GetValue(templates),
                RestartAfter = parsed.GetValue(restart) / 100,
                OneAddress = parsed.GetValue(one),
            };
            return Task.FromResult(Run(parsed.GetRequiredValue(capture), parsed.GetValue(to)!, impairments, parsed.GetValue(speed), parsed.GetValue(rate), (int)parsed.GetValue(passes), stop));
        });
        return command;
    }

    private static int Run(string path, ListenUrl to, Impairments impairments, double speed, double rate, int passes, CancellationToken stop)
    {
        if (!ExportCapture.TryRead(path, out var capture, out var error))
        {
            Console.Error.WriteLine($"error[capture]: {error}");
            return ExitCode.Failed;
        }

        var plan = ExportPlan.Make(capture, impairments);
        try
        {
            using var replayer = new ExportReplayer(to.EndPoint, TimeProvider.System);
            long sent = 0;
            for (var pass = 0; pass < passes && !stop.IsCancellationRequested; pass++)
            {
                sent += replayer.Send(plan, speed, rate, stop);
            }

            Console.WriteLine($"{sent} datagrams sent to {to}; each pass: {plan.Lost.Count} lost, {plan.Duplicated} twice, {plan.Overtaken} overtaken, {plan.Restarted} exporters restarted");
            return ExitCode.Ok;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failed;
        }
        catch (SocketException exception)
        {
            Console.Error.WriteLine($"error[send]: {to}: {exception.Message.TrimEnd('.')}; start the collector first");
            return ExitCode.Failed;
        }
    }
}
