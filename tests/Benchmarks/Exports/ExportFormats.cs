using System.CommandLine;
using EdgeSensors.Metering.Collect;

namespace EdgeSensors.Benchmarks.Exports;

/// <summary>The <c>--format</c> option that the two commands share, and the consumer that only adds up.</summary>
internal static class ExportFormats
{
    public static Option<string> Option()
    {
        var option = new Option<string>("--format") { Description = "ipfix, netflow9, netflow5 or sflow.", HelpName = "ipfix|netflow9|netflow5|sflow", Required = true };
        option.Validators.Add(result =>
        {
            if (Parse(result.GetValueOrDefault<string>()) is null)
                result.AddError("--format takes ipfix, netflow9, netflow5 or sflow.");
        });
        return option;
    }

    public static ExportFormat? Parse(string? name) => name switch
    {
        "ipfix" => ExportFormat.Ipfix,
        "netflow9" => ExportFormat.NetFlow9,
        "netflow5" => ExportFormat.NetFlow5,
        "sflow" => ExportFormat.Sflow5,
        _ => null,
    };

    /// <summary>Adds up, so that no record is read for nothing.</summary>
    internal sealed class Adder : IExportedFlowConsumer
    {
        public long Sum { get; private set; }

        public void OnFlow(ref readonly ExportedFlow flow) => Sum += flow.OctetCount + flow.SourcePort + (long)flow.Destination.Low + flow.StartNs;
    }
}
