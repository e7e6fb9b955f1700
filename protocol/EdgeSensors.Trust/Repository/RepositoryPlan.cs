using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Repository;

/// <summary>What a new repository is founded with. Operators and issuers may be added later with the offline keys.</summary>
public sealed record RepositoryPlan
{
    /// <summary>How many root keys are made.</summary>
    public int RootKeys { get; init; } = 3;

    /// <summary>How many of them must sign.</summary>
    public int RootThreshold { get; init; } = 2;

    /// <summary>How many top-level targets keys are made.</summary>
    public int TargetsKeys { get; init; } = 3;

    /// <summary>How many of them must sign.</summary>
    public int TargetsThreshold { get; init; } = 2;

    /// <summary>Who runs sensors: each gets <c>authorizations/{operator}/*</c>.</summary>
    public IReadOnlyList<OperatorId> Operators { get; init; } = [];

    /// <summary>What sensors ask of the transparency log; null for a repository that sensors will refuse.</summary>
    public Log.WitnessPolicy? WitnessPolicy { get; init; }

    /// <summary>Who gives grants: each gets <c>mitigations/{issuer}/*</c>.</summary>
    public IReadOnlyList<OperatorId> Issuers { get; init; } = [];

    /// <summary>Where keys come from: chance, but for a field test's, which can be played again.</summary>
    internal Func<Keys.SigningKey> NewKey { get; init; } = Keys.SigningKey.Create;
}
