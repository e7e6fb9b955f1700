using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.EdgeAgent.Tests.Meter;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Collect;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Export;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Tests.Export;

/// <summary>A capture metered and sent, by the command's own way.</summary>
internal static class ExportRig
{
    public static string Capture(string name) => Path.Combine([MeterRunTests.Captures(), .. name.Split('/')]);

    public static (int Exit, string Text, string Errors) Send(string path, string to, bool biflows = false, ExportTlsFiles? tls = null)
    {
        Assert.True(ExportDestination.TryParse(to, out var destination));
        var settings = new ExportSettings(destination, new IpfixExporterOptions { Biflows = biflows }, 2000, tls ?? new ExportTlsFiles(null, null, null));
        using var stream = new MemoryStream();
        var errors = new StringWriter();
        var exit = new MeterRun(path, new FlowTableOptions(), FlowFormat.Ipfix, quiet: false, settings)
            .Execute(stream, errors, new Progress(null, TimeProvider.System), TestContext.Current.CancellationToken);
        return (exit, System.Text.Encoding.UTF8.GetString(stream.ToArray()), errors.ToString());
    }

    /// <summary>The biflows of a capture.</summary>
    public static List<BiflowRecord> Metered(string path)
    {
        var list = new RecordList();
        Assert.True(CaptureFile.TryOpen(path, out var file, out var error), error?.Message);
        using (file)
            new PacketMeter(new FlowTableOptions(), list).AddAll(file, TestContext.Current.CancellationToken);
        return list.Records;
    }

    /// <summary>What a collector makes of a stream of messages.</summary>
    public static CollectorTotals Collected(byte[] messages)
    {
        var collector = new FlowCollector(new CollectorOptions(), new Nobody());
        Assert.Equal(CollectStatus.Ok, collector.Add(new ExporterEndpoint(HostAddress.FromIPv4(0x7F000001), 1), 1_800_000_000_000_000_000, messages));
        return collector.Totals;
    }

    private sealed class RecordList : IBiflowConsumer
    {
        public List<BiflowRecord> Records { get; } = [];

        public void OnBiflow(ref readonly BiflowRecord record) => Records.Add(record);
    }

    private sealed class Nobody : IExportedFlowConsumer
    {
        public void OnFlow(ref readonly ExportedFlow flow)
        {
        }
    }
}
