namespace EdgeSensors.EdgeAgent.Export;

/// <summary>How IPFIX messages travel.</summary>
internal enum ExportTransportKind
{
    /// <summary>Datagrams (RFC 7011 §10.3).</summary>
    Udp,

    /// <summary>A connection (RFC 7011 §10.4).</summary>
    Tcp,

    /// <summary>A connection under TLS with certificates of both ends (RFC 7011 §11).</summary>
    Tls,

    /// <summary>An IPFIX file (RFC 5655).</summary>
    File,
}
