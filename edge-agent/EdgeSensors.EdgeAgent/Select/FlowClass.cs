using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Select;

/// <summary>What an authorisation lets be done with a flow.</summary>
internal enum Scope
{
    /// <summary>Nothing: no authorisation is in force. Not even counted.</summary>
    None,

    /// <summary>It is counted in the total and nowhere else: domestic on a carrier's network, or in a direction that may not be selected.</summary>
    TotalOnly,

    /// <summary>It is counted by everything, and may be picked.</summary>
    Selectable,
}

/// <summary>Which way a flow runs and what may be done with it, found out once a flow.</summary>
/// <param name="Direction">Seen from the own prefixes.</param>
/// <param name="Scope">What may be done.</param>
/// <param name="Domestic">Both ends are domestic, on a carrier's network.</param>
internal readonly record struct FlowClass(TrafficDirection Direction, Scope Scope, bool Domestic)
{
    /// <summary>As a number from 1 to 31, to mark a flow with.</summary>
    public byte ToByte() => (byte)(1 + (int)Direction + ((int)Scope << 2) + (Domestic ? 16 : 0));

    /// <summary>The class of a number.</summary>
    public static FlowClass Of(int value) => new((TrafficDirection)((value - 1) & 3), (Scope)(((value - 1) >> 2) & 3), ((value - 1) & 16) != 0);
}
