using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>What templates and sequence numbers belong to: a transport session and an observation domain in it (RFC 7011 §3.1, §8).</summary>
/// <param name="Exporter">The session.</param>
/// <param name="Format">The protocol.</param>
/// <param name="DomainId">The observation domain.</param>
/// <param name="Agent">sFlow: the agent named in the datagram, which may come by way of a relay; else the exporter's address.</param>
internal readonly record struct DomainKey(ExporterEndpoint Exporter, ExportFormat Format, uint DomainId, HostAddress Agent);
