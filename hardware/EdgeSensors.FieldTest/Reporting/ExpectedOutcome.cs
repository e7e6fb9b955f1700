namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a run is expected to end in.</summary>
internal enum ExpectedOutcome
{
    /// <summary>The attacker is found and blocked.</summary>
    Block,

    /// <summary>The attack is reported; nobody is blocked, because the sources may be forged.</summary>
    Detect,

    /// <summary>Nobody is blocked.</summary>
    Nothing,
}
