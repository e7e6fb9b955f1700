namespace EdgeSensors.Protocol;

/// <summary>Which way a flow runs, seen from the networks that the authorisation names as own.</summary>
public enum TrafficDirection
{
    /// <summary>Opened by another network, to an own address.</summary>
    Inbound = 0,

    /// <summary>Opened by an own address, to another network.</summary>
    Outbound = 1,

    /// <summary>Neither end is own.</summary>
    Transit = 2,

    /// <summary>Both ends are own.</summary>
    Internal = 3,
}
