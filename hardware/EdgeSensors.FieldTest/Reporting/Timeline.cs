namespace EdgeSensors.FieldTest.Reporting;

/// <summary>When each step of the ring was reached. A step is reached once; what is told again is ignored.</summary>
internal sealed class Timeline
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<Step, Milestone> _reached = [];

    /// <summary>Called once for each step, on the thread that reports it.</summary>
    public event Action<Milestone>? Reached;

    /// <summary>The steps reached, in order.</summary>
    public IReadOnlyList<Milestone> Milestones
    {
        get
        {
            lock (_lock)
            {
                return [.. _reached.Values];
            }
        }
    }

    /// <summary>When a step was reached; null while it was not.</summary>
    public DateTimeOffset? this[Step step]
    {
        get
        {
            lock (_lock)
            {
                return _reached.GetValueOrDefault(step)?.At;
            }
        }
    }

    /// <summary>Notes a step.</summary>
    public void Reach(Step step, DateTimeOffset at, Title detail)
    {
        Milestone milestone;
        lock (_lock)
        {
            if (_reached.ContainsKey(step))
            {
                return;
            }

            _reached[step] = milestone = new Milestone(step, at, detail);
        }

        Reached?.Invoke(milestone);
    }

    /// <summary>Seconds from one step to another; null while either is missing.</summary>
    public double? Seconds(Step from, Step to) => this[to] - this[from] is { } elapsed ? elapsed.TotalSeconds : null;
}

/// <summary>A step that was reached.</summary>
/// <param name="Step">Which.</param>
/// <param name="At">By this machine's clock.</param>
/// <param name="Detail">What happened, in both languages.</param>
internal sealed record Milestone(Step Step, DateTimeOffset At, Title Detail);
