namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a scenario is played in.</summary>
internal enum World
{
    /// <summary>Emulated taps in the emulator's own time: the same seed gives the same run, byte for byte.</summary>
    Emulated,

    /// <summary>Emulated taps on this machine's clock, and a real hub: the same seed gives the same traffic; keys, numbers and milliseconds are others.</summary>
    Live,

    /// <summary>Real programs on this machine's clock: the same seed gives the same input, not the same milliseconds.</summary>
    Real,
}
