using System.Text.Json;
using EdgeSensors.EdgeAgent.Report;
using EdgeSensors.Metering.Collect.Listen;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>Keeps in the state directory how each exporter is doing, for the doctor: <c>exporters.json</c>, written beside its place and moved there.</summary>
internal sealed class ExporterRegister(string stateDirectory, TimeProvider time, ILogger logger)
{
    /// <summary>The file's name.</summary>
    public const string FileName = "exporters.json";

    private bool _fails;

    /// <summary>Writes it. A disk that fails is said once; listening goes on.</summary>
    public void Write(ListenReport report)
    {
        var path = Path.Combine(stateDirectory, FileName);
        try
        {
            using (var file = new FileStream(path + ".new", FileMode.Create, FileAccess.Write))
            {
                Write(report, file);
            }

            File.Move(path + ".new", path, overwrite: true);
            _fails = false;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            if (!_fails)
            {
                ReportLog.InputTrouble(logger, $"{path}: cannot be written ({exception.Message.TrimEnd('.')}); doctor does not know how the exporters are doing");
            }

            _fails = true;
        }
    }

    private void Write(ListenReport report, Stream file)
    {
        using var json = new Utf8JsonWriter(file);
        json.WriteStartObject();
        json.WriteNumber("writtenAt", time.GetUtcNow().ToUnixTimeMilliseconds());
        json.WriteNumber("receiveBufferOctets", report.ReceiveBufferOctets);
        if (report.KernelDroppedCount is { } dropped)
        {
            json.WriteNumber("kernelDropped", dropped);
        }

        json.WriteNumber("datagrams", report.Totals.DatagramCount);
        json.WriteNumber("unreadable", report.UnreadableCount);
        json.WriteNumber("untrustedSessions", report.Streams.Untrusted);
        json.WriteStartArray("exporters");
        foreach (var exporter in report.Exporters)
        {
            json.WriteStartObject();
            json.WriteString("exporter", exporter.Exporter.ToString());
            json.WriteString("format", exporter.Format.ToString());
            json.WriteNumber("domain", exporter.ObservationDomainId);
            json.WriteString("agent", exporter.Agent.ToString());
            foreach (var figure in ExporterFigure.All)
            {
                json.WriteNumber(figure.Name, figure.Of(exporter));
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("interfaces");
        foreach (var counters in report.Interfaces)
        {
            json.WriteStartObject();
            json.WriteString("agent", counters.Agent.ToString());
            json.WriteNumber("interface", counters.Interface);
            json.WriteBoolean("up", counters.IsUp);
            json.WriteNumber("speed", counters.SpeedBitsPerSecond);
            json.WriteNumber("inOctets", counters.InOctets);
            json.WriteNumber("outOctets", counters.OutOctets);
            json.WriteNumber("inDiscards", Known(counters.InDiscards));
            json.WriteNumber("outDiscards", Known(counters.OutDiscards));
            json.WriteNumber("inErrors", Known(counters.InErrors));
            json.WriteNumber("outErrors", Known(counters.OutErrors));
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>sFlow writes all ones for a counter that an agent does not have.</summary>
    private static long Known(uint counter) => counter == uint.MaxValue ? -1 : counter;
}
