namespace EdgeSensors.FieldTest.Reporting;

/// <summary>How a tap or a gateway is at a moment.</summary>
internal enum UnitState
{
    /// <summary>Without power, or its program does not run.</summary>
    Off,

    /// <summary>It starts: no hub yet, no authorisation, no trusted time.</summary>
    Starting,

    /// <summary>It measures and has its hub.</summary>
    Online,

    /// <summary>It measures, and has no hub.</summary>
    Offline,

    /// <summary>A fault keeps it from measuring.</summary>
    Faulty,
}
