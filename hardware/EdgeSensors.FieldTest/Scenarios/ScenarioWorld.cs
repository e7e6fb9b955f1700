namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>Where a scenario plays.</summary>
internal enum ScenarioWorld
{
    /// <summary>Emulated taps on emulated time: the same seed gives the same run.</summary>
    Taps,

    /// <summary>Real programs in network namespaces, in real time.</summary>
    Gateways,
}
