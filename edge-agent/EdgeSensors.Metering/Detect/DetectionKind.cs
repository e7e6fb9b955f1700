namespace EdgeSensors.Metering.Detect;

/// <summary>What a detector found.</summary>
public enum DetectionKind
{
    /// <summary>One source tries one service of many addresses (MITRE ATT&amp;CK T1595.001, T1046 from inside).</summary>
    AddressFanOut,

    /// <summary>One source tries many ports of one address (T1046).</summary>
    PortFanOut,

    /// <summary>Many unanswered packets to one address (T1498.001).</summary>
    Flood,

    /// <summary>Many answers that were never asked for to one address (T1498.002).</summary>
    ReflectedFlood,
}
