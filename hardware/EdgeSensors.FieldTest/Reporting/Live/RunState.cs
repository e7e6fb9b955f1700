namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>What the live view shows of a run: the latest of everything, in bounded memory.</summary>
internal sealed class RunState
{
    /// <summary>Happenings that are kept.</summary>
    public const int Remembered = 12;

    private readonly Dictionary<string, Sample> _latest = [];
    private readonly Dictionary<string, double> _sums = [];
    private readonly Dictionary<string, Sparkline> _courses = [];
    private readonly LinkedList<(Happening First, int Units)> _happenings = [];
    private readonly List<string> _order = [];

    /// <summary>The run; null before it begins.</summary>
    public RunHead? Run { get; private set; }

    /// <summary>The latest moment that anybody told of, milliseconds since the start.</summary>
    public long AtMs { get; private set; }

    public int Held { get; private set; }

    public int Failed { get; private set; }

    public long Alerts { get; private set; }

    public long Faults { get; private set; }

    /// <summary>The latest check that did not hold.</summary>
    public Check? LastFailed { get; private set; }

    /// <summary>The latest happenings, oldest first.</summary>
    public IEnumerable<Happening> Happenings => _happenings.Select(h => h.First.ForAll(h.Units));

    /// <summary>The units, in the order of the run's head and then of their first word.</summary>
    public IReadOnlyList<string> Units => _order;

    /// <summary>What a unit said last; null before it said anything.</summary>
    public Sample? Latest(string unit) => _latest.GetValueOrDefault(unit);

    /// <summary>The sum of a figure over all units; null where none has it.</summary>
    public double? Sum(string key) => _sums.TryGetValue(key, out var sum) ? sum : null;

    /// <summary>How that sum went.</summary>
    public Sparkline? Course(string key) => _courses.GetValueOrDefault(key);

    public void Begin(RunHead run)
    {
        Run = run;
        _order.AddRange(run.Units);
    }

    public void Take(Sample sample)
    {
        AtMs = Math.Max(AtMs, sample.AtMs);
        if (!_latest.TryGetValue(sample.Source, out var before) && !_order.Contains(sample.Source))
        {
            _order.Add(sample.Source);
        }

        foreach (var (key, value) in sample.Figures.Where(f => double.IsFinite(f.Value)))
        {
            var sum = _sums[key] = _sums.GetValueOrDefault(key) + value - (before?.Figures.GetValueOrDefault(key) is { } was && double.IsFinite(was) ? was : 0);
            if (!_courses.TryGetValue(key, out var course))
            {
                _courses[key] = course = new Sparkline();
            }

            course.Add(sample.AtMs, sum);
        }

        _latest[sample.Source] = sample;
    }

    public void Take(Happening happening)
    {
        AtMs = Math.Max(AtMs, happening.AtMs);
        Alerts += happening.Kind == HappeningKind.Alert ? 1 : 0;
        Faults += happening.Kind == HappeningKind.Fault ? 1 : 0;
        if (_happenings.Last is { } last && last.Value.First.IsAlike(happening))
        {
            last.Value = (last.Value.First, last.Value.Units + 1);
            return;
        }

        _happenings.AddLast((happening, 1));
        if (_happenings.Count > Remembered)
        {
            _happenings.RemoveFirst();
        }
    }

    public void Take(Check check)
    {
        Held += check.Held ? 1 : 0;
        Failed += check.Held ? 0 : 1;
        LastFailed = check.Held ? LastFailed : check;
    }
}
