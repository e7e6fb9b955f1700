namespace EdgeSensors.Metering.Flows;

/// <summary>Why a flow record was exported (IPFIX flowEndReason, information element 136).</summary>
public enum FlowEndReason : byte
{
    /// <summary>The flow is still in the table.</summary>
    None = 0,

    /// <summary>No packet for the idle timeout.</summary>
    IdleTimeout = 1,

    /// <summary>The flow went on for the active timeout; a record continues it.</summary>
    ActiveTimeout = 2,

    /// <summary>TCP FIN from both sides, or RST.</summary>
    EndOfFlow = 3,

    /// <summary>The meter was stopped or flushed.</summary>
    ForcedEnd = 4,

    /// <summary>The table was full.</summary>
    LackOfResources = 5,
}
