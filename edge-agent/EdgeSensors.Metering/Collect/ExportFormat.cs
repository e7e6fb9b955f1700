namespace EdgeSensors.Metering.Collect;

/// <summary>The protocol that an exporter speaks. Recognised from the datagram itself, whatever the port.</summary>
public enum ExportFormat : byte
{
    /// <summary>NetFlow version 5 (Cisco NetFlow Services Solutions Guide, appendix B): fixed records, IPv4 only.</summary>
    NetFlow5 = 5,

    /// <summary>NetFlow version 9 (RFC 3954): records described by templates.</summary>
    NetFlow9 = 9,

    /// <summary>IPFIX (RFC 7011), biflows included (RFC 5103).</summary>
    Ipfix = 10,

    /// <summary>sFlow version 5 (sflow.org, sFlow Version 5, July 2004): sampled packet headers and interface counters.</summary>
    Sflow5 = 105,
}
