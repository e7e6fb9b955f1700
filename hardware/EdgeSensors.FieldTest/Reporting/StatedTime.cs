using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Holds a run to the machine's time that its scenario states (<see cref="Scenario.Within"/>), from the moment that this is made.</summary>
/// <param name="stated">The longest that the run may take.</param>
/// <param name="time">The machine's clock.</param>
internal sealed class StatedTime(TimeSpan stated, TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();

    /// <summary>Whether it is kept. Where it is, no figure of this machine is in the result, which others are to get octet for octet.</summary>
    public Check Judge()
    {
        var took = time.GetElapsedTime(_began);
        return new(
            "within", $"the run takes at most {TimeText.Format(stated)} of the machine's time", took <= stated ? "it does" : FormattableString.Invariant($"it took {took.TotalSeconds:0.0} s"), took <= stated, "timing.json");
    }
}
