using System.Diagnostics.Metrics;
using System.Globalization;
using System.Text;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>Everything that is counted about exporters, as OpenTelemetry instruments of the meter <c>EdgeSensors.Agent.Exports</c>; read when somebody collects them.</summary>
internal sealed class ExportMetrics : IDisposable
{
    public const string Name = "EdgeSensors.Agent.Exports";

    private readonly Meter _meter = new(Name);
    private readonly ExportListener _listener;

    public ExportMetrics(ExportListener listener)
    {
        _listener = listener;
        foreach (var figure in ExporterFigure.All)
        {
            var name = "edgesensors.exports." + SnakeCase(figure.Name);
            if (figure.Grows)
            {
                _meter.CreateObservableCounter(name, () => OfExporters(figure), figure.Unit, figure.Meaning);
            }
            else
            {
                _meter.CreateObservableGauge(name, () => OfExporters(figure), figure.Unit, figure.Meaning);
            }
        }

        Count("datagrams", "{datagram}", "Datagrams and messages taken in", report => report.Totals.DatagramCount);
        Count("kernel_dropped", "{datagram}", "Datagrams that the kernel dropped for want of room", report => report.KernelDroppedCount ?? 0);
        Count("unreadable", "{datagram}", "Datagrams of no known version, malformed or truncated", report => report.UnreadableCount);
        Count("not_accepted", "{datagram}", "Datagrams of exporters that are not heard", report => report.Totals.Count(Metering.Collect.CollectStatus.NotAccepted));
        Count("evicted_templates", "{template}", "Templates forgotten to stay within the bounds", report => report.Totals.EvictedTemplateCount);
        Count("evicted_domains", "{domain}", "Domains forgotten to stay within the bounds", report => report.Totals.EvictedDomainCount);
        Count("contested_records", "{record}", "Records left out because two exporters define their template differently", report => report.Totals.ContestedRecordCount);
        Count("refused_sessions", "{session}", "TCP and TLS sessions refused", report => report.Streams.Refused + report.Streams.Untrusted);
        Count("broken_sessions", "{session}", "TCP and TLS sessions broken off", report => report.Streams.TooSlow + report.Streams.Malformed);
        _meter.CreateObservableGauge("edgesensors.exports.sessions", () => _listener.Report().Streams.Open, "{session}", "TCP and TLS sessions open");
    }

    public void Dispose() => _meter.Dispose();

    private void Count(string name, string unit, string meaning, Func<ListenReport, long> of) =>
        _meter.CreateObservableCounter("edgesensors.exports." + name, () => of(_listener.Report()), unit, meaning);

    private IEnumerable<Measurement<double>> OfExporters(ExporterFigure figure) =>
        _listener.Report().Exporters.Select(exporter => new Measurement<double>(figure.Of(exporter), Tags(exporter)));

    private static KeyValuePair<string, object?>[] Tags(ExporterReport exporter) =>
    [
        new("exporter", exporter.Exporter.ToString()), new("format", exporter.Format.ToString()), new("domain", exporter.ObservationDomainId.ToString(CultureInfo.InvariantCulture)),
    ];

    private static string SnakeCase(string name)
    {
        var text = new StringBuilder();
        foreach (var letter in name)
        {
            text.Append(char.IsUpper(letter) ? "_" + char.ToLowerInvariant(letter) : letter.ToString());
        }

        return text.ToString();
    }
}
