namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Something that must hold for a run to pass.</summary>
/// <param name="Name">A short sentence.</param>
/// <param name="Held">Whether it did.</param>
/// <param name="Figures">What was measured.</param>
internal sealed record Expectation(string Name, bool Held, string Figures);

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
