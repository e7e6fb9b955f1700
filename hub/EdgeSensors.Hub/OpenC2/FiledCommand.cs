using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>A partner's command that became a mitigation, or met one that there was.</summary>
/// <param name="RuleNumber">By which the partner takes it back; never used twice.</param>
/// <param name="Producer">The partner.</param>
/// <param name="Digest">Of what it said.</param>
/// <param name="Mitigation">The mitigation's id.</param>
internal sealed record FiledCommand(long RuleNumber, OperatorId Producer, string Digest, string Mitigation)
{
    /// <summary>So many commands of one partner are remembered, besides those of what is open still.</summary>
    public const int MaxOfProducer = 10_000;
}
