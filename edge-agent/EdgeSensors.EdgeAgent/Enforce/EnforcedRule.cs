using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>One rule as an enforcer needs it: a verified mitigation rule without the reasons for it.</summary>
/// <param name="Id">The rule's id; receipts and hits quote it.</param>
/// <param name="Prefix">Whose packets.</param>
/// <param name="Direction">Ingress: packets from the prefix. Egress: packets to it.</param>
/// <param name="Step">Count, limit or drop.</param>
/// <param name="ExpiresAt">When it lapses, whatever becomes of the agent.</param>
/// <param name="DropProcess">What the sender learns (OpenC2 SLPF 1.0, 2.1.4); an enforcer refuses what it cannot do.</param>
internal sealed record EnforcedRule(
    DocumentId Id, Prefix Prefix, SlpfDirection Direction, MitigationStep Step, UnixMilliseconds ExpiresAt, SlpfDropProcess DropProcess = SlpfDropProcess.None);
