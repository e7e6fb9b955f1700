namespace EdgeSensors.Firmware.Select;

/// <summary>Which way a flow runs, seen from the own prefixes; the numbers are the protocol's.</summary>
internal static class Direction
{
    /// <summary>To an own address.</summary>
    public const int Inbound = 0;

    /// <summary>From an own address.</summary>
    public const int Outbound = 1;

    /// <summary>Between others.</summary>
    public const int Transit = 2;

    /// <summary>Between own addresses.</summary>
    public const int Internal = 3;

    /// <summary>How many there are.</summary>
    public const int Count = 4;
}
