using EdgeSensors.Metering.Export;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>What a person asked of the export.</summary>
/// <param name="Destination">Where to.</param>
/// <param name="Records">In which form.</param>
/// <param name="MessagesPerSecond">Most datagrams a second; 0 for no limit.</param>
/// <param name="Tls">The files for TLS.</param>
internal sealed record ExportSettings(ExportDestination Destination, IpfixExporterOptions Records, int MessagesPerSecond, ExportTlsFiles Tls);
