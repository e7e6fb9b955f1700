using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>One rule as an enforcer needs it: a verified mitigation rule without the reasons for it.</summary>
/// <param name="Id">The rule's id; receipts and hits quote it.</param>
/// <param name="Target">Whose packets, or which.</param>
/// <param name="Direction">Of addresses: ingress, packets from them; egress, packets to them. Of a connection: which of its ends is accused.</param>
/// <param name="Step">Count, limit or drop.</param>
/// <param name="ExpiresAt">When it lapses, whatever becomes of the agent.</param>
/// <param name="DropProcess">What the sender learns (OpenC2 SLPF 1.0, 2.1.4); an enforcer refuses what it cannot do.</param>
internal sealed record EnforcedRule(
    DocumentId Id, SlpfTarget Target, SlpfDirection Direction, MitigationStep Step, UnixMilliseconds ExpiresAt, SlpfDropProcess DropProcess = SlpfDropProcess.None)
{
    private const byte IcmpV6 = 58;

    /// <summary>The addresses that the owner's allowlist protects from it.</summary>
    public IReadOnlyList<Prefix> Accused => Target.Accused(Direction);

    /// <summary>The packets that it is for, and whether they are looked up on the way to their destination: a net in both directions is two, a connection one.</summary>
    public IReadOnlyList<(bool Egress, PacketMatch Match)> Parts => PartsOf(Target, Direction);

    /// <summary>Why no enforcer can carry it out, or none within the owner's allowlist, as a token of <see cref="RefusalReason"/>; null when one can.</summary>
    public string? Objection(IReadOnlyList<Prefix> allowlist) => this switch
    {
        _ when Accused.Any(prefix => prefix.Length == 0) => RefusalReason.EveryAddress,
        _ when DropProcess != SlpfDropProcess.None => RefusalReason.DropProcess,
        _ when allowlist.Any(allowed => Accused.Any(allowed.Contains)) => RefusalReason.OwnerAllowlist,
        _ => null,
    };

    private static (bool, PacketMatch)[] PartsOf(SlpfTarget target, SlpfDirection direction)
    {
        if (target.Net is { } net)
        {
            var (from, to) = ((false, PacketMatch.Of(net, egress: false)), (true, PacketMatch.Of(net, egress: true)));
            return direction switch { SlpfDirection.Ingress => [from], SlpfDirection.Egress => [to], _ => [from, to] };
        }

        var protocol = target is { Protocol: L4Protocol.Icmp, IsIPv4: false } ? IcmpV6 : (byte?)target.Protocol;
        var egress = direction == SlpfDirection.Egress || (direction == SlpfDirection.Both && target.Destination is not null);
        return [(egress, new PacketMatch(target.Source, target.Destination, protocol, (ushort?)target.SourcePort, (ushort?)target.DestinationPort))];
    }
}
