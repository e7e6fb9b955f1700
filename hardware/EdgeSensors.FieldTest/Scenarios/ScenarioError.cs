namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>Why a scenario cannot be used.</summary>
/// <param name="Message">One line: where, what, and what to do.</param>
internal sealed record ScenarioError(string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Message;
}
