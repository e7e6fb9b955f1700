namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Several that follow the same run.</summary>
internal sealed class RunWatches(params IReadOnlyList<IRunWatch> watches) : IRunWatch
{
    /// <inheritdoc/>
    public void Began(RunHead run)
    {
        foreach (var watch in watches)
        {
            watch.Began(run);
        }
    }

    /// <inheritdoc/>
    public void Sampled(Sample sample)
    {
        foreach (var watch in watches)
        {
            watch.Sampled(sample);
        }
    }

    /// <inheritdoc/>
    public void Happened(Happening happening)
    {
        foreach (var watch in watches)
        {
            watch.Happened(happening);
        }
    }

    /// <inheritdoc/>
    public void Checked(Check check)
    {
        foreach (var watch in watches)
        {
            watch.Checked(check);
        }
    }
}
