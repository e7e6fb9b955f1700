using System.CommandLine;
using System.Globalization;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent meter FILE</c>: the biflows of a capture file. With <c>--listen</c>: the flow records of routers.</summary>
internal static class MeterCommand
{
    public static Command Create()
    {
        var file = new Argument<string?>("FILE") { Description = "A pcap or pcapng capture file, or - for standard input.", Arity = ArgumentArity.ZeroOrOne };
        file.Validators.Add(Usage.RefuseOptions);
        var format = new Option<string>("--format") { Description = "table; jsonl: one JSON object a line with the names of IPFIX; or ipfix: sent to where --to says.", HelpName = "table|jsonl|ipfix", DefaultValueFactory = _ => "table" };
        format.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not ("table" or "jsonl" or "ipfix"))
                result.AddError("--format takes table, jsonl or ipfix.");
        });
        var export = new ExportArguments();
        var quiet = new Option<bool>("--quiet", "-q") { Description = "Print the totals only." };
        var idle = Seconds("--idle-timeout", "End a flow that was silent for this many seconds.", 60);
        var active = Seconds("--active-timeout", "Export a flow that goes on for this many seconds, and continue it in a new record.", 300);
        var maxFlows = new Option<int>("--max-flows")
        {
            Description = "Most flows held at a time; beyond it the longest-silent leave early (about 200 octets each).",
            HelpName = "flows",
            DefaultValueFactory = _ => 1 << 20,
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var flows) && flows is >= 1 and <= 1 << 28)
                    return flows;
                result.AddError($"--max-flows takes a number from 1 to {1 << 28}.");
                return default;
            },
        };
        var ignoreVlan = new Option<bool>("--ignore-vlan") { Description = "Do not keep flows of different VLANs and virtual networks (VXLAN, Geneve, NVGRE) apart." };

        var detail = new Option<bool>("--detail") { Description = "Keep more of each flow: least and most, times to live, the first packets, retransmissions, zero windows, the handshake's time. Shown in jsonl." };
        var listen = new ListenArguments();

        var command = new Command("meter", "Print the biflows of a capture file, or with --listen the flow records that routers export.") { file, format, quiet, idle, active, maxFlows, ignoreVlan, detail };
        export.AddTo(command, format);
        listen.AddTo(command, file, format, [idle, active, maxFlows, ignoreVlan, detail]);
        // On a thread of its own, so that a read or an open that waits for somebody (a pipe nobody writes to) does not hold up the end that Ctrl-C asks for.
        command.SetAction((parsed, cancellationToken) => Task.Run(() =>
        {
            using var output = new StandardOutput();
            if (listen.Settings(parsed) is { } settings)
            {
                var shown = parsed.GetValue(format) == "jsonl" ? FlowFormat.JsonLines : FlowFormat.Table;
                return new ListenRun(settings, listen.Limit(parsed), shown, parsed.GetValue(quiet), TimeProvider.System).Execute(output, Console.Error, cancellationToken);
            }

            var options = new FlowTableOptions
            {
                IdleTimeout = TimeSpan.FromSeconds(parsed.GetValue(idle)),
                ActiveTimeout = TimeSpan.FromSeconds(parsed.GetValue(active)),
                MaxFlows = parsed.GetValue(maxFlows),
                SeparateVlans = !parsed.GetValue(ignoreVlan),
                Detail = parsed.GetValue(detail),
            };
            var flows = parsed.GetValue(format) switch
            {
                "jsonl" => FlowFormat.JsonLines,
                "ipfix" => FlowFormat.Ipfix,
                _ => FlowFormat.Table,
            };
            var run = new MeterRun(parsed.GetValue(file)!, options, flows, parsed.GetValue(quiet), export.Settings(parsed), parsed.GetValue(listen.Workers));
            return run.Execute(output, Console.Error, Progress.OfTerminal(flows != FlowFormat.Table || parsed.GetValue(quiet)), cancellationToken);
        }, CancellationToken.None));
        return command;
    }

    private static Option<double> Seconds(string name, string description, double seconds) => new(name)
    {
        Description = description,
        HelpName = "seconds",
        DefaultValueFactory = _ => seconds,
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                && value is >= 0.001 and <= 315_360_000)
                return value;
            result.AddError($"{name} takes seconds from 0.001 to 315360000 (ten years).");
            return default;
        },
    };
}
