namespace EdgeSensors.Metering.Export;

/// <summary>What an exporter has sent, and what it has not.</summary>
public sealed class ExportTotals
{
    /// <summary>Messages (IPFIX exportedMessageTotalCount).</summary>
    public long MessageCount { get; internal set; }

    /// <summary>Octets of messages (exportedOctetTotalCount).</summary>
    public long OctetCount { get; internal set; }

    /// <summary>Flow records (exportedFlowRecordTotalCount); two of a biflow that is sent as two.</summary>
    public long FlowRecordCount { get; internal set; }

    /// <summary>Flow records that did not leave (notSentFlowTotalCount).</summary>
    public long NotSentFlowCount { get; internal set; }

    /// <summary>Packets counted in them (notSentPacketTotalCount).</summary>
    public long NotSentPacketCount { get; internal set; }

    /// <summary>Octets counted in them (notSentOctetTotalCount).</summary>
    public long NotSentOctetCount { get; internal set; }
}
