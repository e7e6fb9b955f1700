namespace EdgeSensors.FieldTest.Reporting;

/// <summary>
/// Whoever follows a run: the recorder, the screen. A world calls it from whichever thread it likes; calls return at once and never fail the run. The order of a deterministic
/// world's calls is part of its result.
/// </summary>
internal interface IRunWatch
{
    /// <summary>The run begins. Called once, before all others.</summary>
    void Began(RunHead run);

    /// <summary>The figures of one unit.</summary>
    void Sampled(Sample sample);

    /// <summary>Something for the time line.</summary>
    void Happened(Happening happening);

    /// <summary>An expectation was judged.</summary>
    void Checked(Check check);
}
