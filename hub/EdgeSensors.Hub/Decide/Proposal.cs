using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>What somebody asks for.</summary>
internal sealed record Proposal
{
    public required SlpfTarget Target { get; init; }

    public SlpfDirection Direction { get; init; }

    /// <summary>The rung of the ladder to start at.</summary>
    public MitigationStep Step { get; init; } = MitigationStep.Observe;

    /// <summary>Why it starts above <see cref="MitigationStep.Observe"/>; for a person, 1 to 1,024 characters.</summary>
    public string Because { get; init; } = "";

    /// <summary>The mitigation whose next rung it is: that one ends when this one has reached the fleet.</summary>
    public string? Escalates { get; init; }

    /// <summary>Where; everywhere that the grant covers when empty.</summary>
    public IReadOnlyList<SensorPattern> Sensors { get; init; } = [];

    /// <summary>For a person; 1 to 1,024 characters.</summary>
    public required string Reason { get; init; }

    /// <summary>How long; the configured default when left out.</summary>
    public TimeSpan? Duration { get; init; }

    public long? Incident { get; init; }

    public IReadOnlyList<string> Alerts { get; init; } = [];

    /// <summary>Where so many drafts of the asker wait already, there is no other; null without a bound.</summary>
    public int? MaxDrafts { get; init; }
}
