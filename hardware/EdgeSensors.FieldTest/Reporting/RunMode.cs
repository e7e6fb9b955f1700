namespace EdgeSensors.FieldTest.Reporting;

/// <summary>How real a run of real programs was.</summary>
internal enum RunMode
{
    /// <summary>Live capture in a network of namespaces; the kernel drops.</summary>
    Enforced,

    /// <summary>Live capture likewise; the agent says what it would have dropped.</summary>
    Observed,

    /// <summary>The agent reads the replay from a file and says what it would have dropped.</summary>
    File,
}
