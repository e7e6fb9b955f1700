namespace EdgeSensors.EdgeAgent.Export;

/// <summary>How flows are printed.</summary>
internal enum FlowFormat
{
    /// <summary>Aligned columns for a person.</summary>
    Table,

    /// <summary>One JSON object a line (jsonlines.org), named by the IANA IPFIX registry.</summary>
    JsonLines,

    /// <summary>IPFIX messages (RFC 7011) to a collector or a file.</summary>
    Ipfix,
}
