namespace EdgeSensors.Trust.Documents;

/// <summary>How many approved a rule. Who they are stands in the transparency log, whose entries the overseer reads.</summary>
/// <param name="Persons">Different persons: 0 to 8.</param>
/// <param name="Policy">Whether the hub's own policy did too.</param>
public readonly record struct RuleApprovals(int Persons, bool Policy);
