namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>A run in plain lines, without control codes, for a log or a pipe: what happened, each tenth of the way, each check that fails.</summary>
internal sealed class PlainView(TextWriter output) : IRunView
{
    // A log is read by people; a run that has more than this is read in its report.
    private const int MostHappenings = 500;

    private readonly Lock _lock = new();
    private RunHead? _run;
    private Happening? _pending;
    private int _units;
    private int _happenings;
    private int _tenths;

    /// <inheritdoc/>
    public void Began(RunHead run)
    {
        lock (_lock)
        {
            _run = run;
            Line($"{run.Scenario}: {run.Title.En}");
            Line(FormattableString.Invariant($"seed {run.Seed}, {run.World switch { World.Emulated => "emulated", World.Live => "emulated taps on a real hub", _ => "real programs" }}, {(run.Units.Count <= 3 ? string.Join(", ", run.Units) : FormattableString.Invariant($"{run.Units.Count} units"))}{(run.Length is { } length ? $", {LiveFrame.Clock((long)length.TotalMilliseconds)}" : "")}"));
        }
    }

    /// <inheritdoc/>
    public void Sampled(Sample sample)
    {
        lock (_lock)
        {
            if (_run?.Length is { TotalMilliseconds: > 0 } length && (int)(10 * sample.AtMs / length.TotalMilliseconds) is var tenths && tenths > _tenths)
            {
                _tenths = tenths;
                Flush();
                Line(FormattableString.Invariant($"{LiveFrame.Clock(sample.AtMs)} {"",-8} {10 * tenths} % done"));
            }
        }
    }

    /// <summary>What happens to many units at one moment is a line, told when something else happens.</summary>
    public void Happened(Happening happening)
    {
        lock (_lock)
        {
            if (_pending is { } pending && pending.IsAlike(happening))
            {
                _units++;
                return;
            }

            Flush();
            (_pending, _units) = (happening, 1);
        }
    }

    /// <summary>What fails is told at once; all is told at the end (<see cref="Screen.Conclude"/>).</summary>
    public void Checked(Check check)
    {
        lock (_lock)
        {
            if (!check.Held)
            {
                Flush();
                Line($"FAILED   {check.Step}: expected: {check.Expected}; seen: {check.Seen}; look at: {check.LookAt}");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            Flush();
            output.Flush();
        }
    }

    private void Flush()
    {
        if (_pending is not { } first)
        {
            return;
        }

        _pending = null;
        _happenings++;
        if (_happenings <= MostHappenings)
        {
            var happening = first.ForAll(_units);
            var until = happening.UntilMs is { } end ? $" (until {LiveFrame.Clock(end)})" : "";
            Line($"{LiveFrame.Clock(happening.AtMs)} {happening.Kind.ToString().ToLowerInvariant(),-8} {happening.Source}: {happening.Words}{until}");
        }
        else if (_happenings == MostHappenings + 1)
        {
            Line("more happens; it is in the report");
        }
    }

    private void Line(string text) => output.WriteLine(SafeText.Clean(text));
}
