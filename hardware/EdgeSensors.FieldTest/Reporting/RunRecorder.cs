namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Collects what a world tells into the result that is written at the end.</summary>
internal sealed class RunRecorder : IRunWatch
{
    private readonly Lock _lock = new();
    private readonly List<(string Key, string Source)> _order = [];
    private readonly Dictionary<(string Key, string Source), List<SeriesPoint>> _points = [];
    private readonly List<Happening> _happenings = [];
    private readonly List<Check> _checks = [];
    private RunHead? _run;

    /// <inheritdoc/>
    public void Began(RunHead run)
    {
        lock (_lock)
        {
            _run = run;
        }
    }

    /// <inheritdoc/>
    public void Sampled(Sample sample)
    {
        lock (_lock)
        {
            foreach (var (key, value) in sample.Figures.Where(f => double.IsFinite(f.Value)))
            {
                if (!_points.TryGetValue((key, sample.Source), out var points))
                {
                    _points[(key, sample.Source)] = points = [];
                    _order.Add((key, sample.Source));
                }

                points.Add(new(sample.AtMs, value));
            }
        }
    }

    /// <inheritdoc/>
    public void Happened(Happening happening)
    {
        lock (_lock)
        {
            _happenings.Add(happening);
        }
    }

    /// <inheritdoc/>
    public void Checked(Check check)
    {
        lock (_lock)
        {
            _checks.Add(check);
        }
    }

    /// <summary>What was told so far, as a result; the world adds what only it knows (<c>with { Wire = … }</c>).</summary>
    /// <param name="lasted">How long the run was, by the clock of its world.</param>
    /// <param name="logFolder">The folder of the logs, relative to the result's.</param>
    /// <exception cref="InvalidOperationException">No run began.</exception>
    public ScenarioResult Conclude(TimeSpan lasted, string logFolder = "logs")
    {
        lock (_lock)
        {
            return new ScenarioResult
            {
                Run = _run ?? throw new InvalidOperationException("no run began"),
                Lasted = lasted,
                Series = [.. _order.Select(o => new Series(o.Key, o.Source, SeriesKind.Of(o.Key).Unit, [.. _points[o].OrderBy(p => p.AtMs)]))],
                Happenings = [.. _happenings.OrderBy(h => h.AtMs)], // stable: what is told at one moment keeps its order
                Checks = [.. _checks],
                LogFolder = logFolder,
            };
        }
    }
}
