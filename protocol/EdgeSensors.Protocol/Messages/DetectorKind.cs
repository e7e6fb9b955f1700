namespace EdgeSensors.Protocol;

/// <summary>What picked a flow or raised an alert.</summary>
public enum DetectorKind
{
    /// <summary>One source, many destination addresses (horizontal scan).</summary>
    AddressFanOut = 1,

    /// <summary>One source, many ports of a destination (vertical scan).</summary>
    PortFanOut = 2,

    /// <summary>Many packets a second to one destination.</summary>
    Flood = 3,

    /// <summary>Contact with a listed address.</summary>
    Listed = 4,

    /// <summary>A selector that a targeted authorisation names.</summary>
    Selector = 5,
}
