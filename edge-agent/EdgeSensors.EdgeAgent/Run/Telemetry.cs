using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Metrics;

namespace EdgeSensors.EdgeAgent.Run;

/// <summary>Sends what the agent's meters say to a collector of the operator's own, by OTLP over gRPC.</summary>
internal static class Telemetry
{
    /// <summary>Begins to send, every minute and at the end; a collector that cannot be reached is tried again.</summary>
    public static MeterProvider To(Uri collector) => Sdk.CreateMeterProviderBuilder()
        .AddMeter(ExportMetrics.Name)
        .AddOtlpExporter(options => (options.Endpoint, options.Protocol) = (collector, OtlpExportProtocol.Grpc))
        .Build();
}
