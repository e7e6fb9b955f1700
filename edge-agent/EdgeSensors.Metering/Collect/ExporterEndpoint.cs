using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect;

/// <summary>
/// Where an exporter sends from. Address and port together name a transport session (RFC 7011 §2), so that two exporters behind one translated address
/// keep their templates and sequence numbers apart.
/// </summary>
/// <param name="Address">The source address of its datagrams.</param>
/// <param name="Port">The source port of its datagrams.</param>
public readonly record struct ExporterEndpoint(HostAddress Address, ushort Port)
{
    /// <summary>"192.0.2.1:50000" or "[2001:db8::1]:50000".</summary>
    public override string ToString() => Address.IsIPv4 ? $"{Address}:{Port}" : $"[{Address}]:{Port}";
}
