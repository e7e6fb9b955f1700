using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Trust.Requests;

/// <content>What a signer checks, signs and sees.</content>
public sealed partial class SigningRequest
{
    /// <summary>
    /// Checks that it is for the repository whose root is trusted here, whichever of its roots that is, and continues it. A signer must do so: whoever made the request chose what it says of the
    /// present state, and only a root that came another way tells that this is true.
    /// </summary>
    public RequestError? Check(ReadOnlyMemory<byte> trustedRoot)
    {
        if (!MetadataReader.TryReadRoot(trustedRoot, TufLimits.Default.MaxRootBytes, out var trusted, out var fault))
        {
            return new RequestError(RequestFault.OtherRepository, TopLevelRole.Root, $"the trusted root cannot be read: {fault.Message}");
        }

        // Examine has followed the chain from the first to the last.
        return Roots.Any(root => root.Signed.Version == trusted.Signed.Version && root.HasSamePayload(trusted)) ? null : new RequestError(
            RequestFault.OtherRepository,
            TopLevelRole.Root,
            trusted.Signed.Version > Present.Version
                ? $"it was made under root version {Present.Version}, and version {trusted.Signed.Version} is known here; make it anew"
                : "it does not rest on the root that is trusted here; do not sign it");
    }

    /// <summary>Signs whatever a key may sign of it.</summary>
    /// <param name="key">The key.</param>
    /// <param name="next">The request with the signatures added.</param>
    /// <param name="roles">The roles that it signed.</param>
    /// <param name="error">Why it signed nothing.</param>
    public bool TrySign(IMetadataSigner key, [NotNullWhen(true)] out SigningRequest? next, out IReadOnlyList<string> roles, [NotNullWhen(false)] out RequestError? error)
    {
        ArgumentNullException.ThrowIfNull(key);
        var asked = Roles.Where(role => DemandsOf(role).Any(demand => demand.Role.KeyIds.Contains(key.PublicKey.Id, StringComparer.Ordinal))).ToList();
        var open = asked.Where(role => role == TopLevelRole.Root ? !NextRoot!.IsSignedBy(key.PublicKey) : !Next[role].IsSignedBy(key.PublicKey)).ToList();
        roles = open;
        if (open.Count == 0)
        {
            next = null;
            error = new RequestError(
                RequestFault.NotAsked, "", asked.Count > 0 ? $"the key {key.PublicKey.Id} has signed it already" : $"the key {key.PublicKey.Id} signs nothing of it, before or after the change");
            return false;
        }

        next = Copy(
            open.Contains(TopLevelRole.Root) ? NextRoot!.With([key]) : NextRoot,
            Next.ToDictionary(pair => pair.Key, pair => open.Contains(pair.Key) ? pair.Value.With([key]) : pair.Value, StringComparer.Ordinal),
            Says,
            Published);
        error = null;
        return true;
    }

    /// <summary>How far it is signed.</summary>
    public IReadOnlyList<RequestStanding> Standing()
    {
        var standing = new List<RequestStanding>();
        foreach (var role in Roles)
        {
            foreach (var (demand, at) in DemandsOf(role).Select((demand, at) => (demand, at)))
            {
                var signed = role == TopLevelRole.Root ? NextRoot!.CountSigners(demand.Role, demand.Table) : Next[role].CountSigners(demand.Role, demand.Table);
                var waiting = demand.Keys.Where(key => !(role == TopLevelRole.Root ? NextRoot!.IsSignedBy(key) : Next[role].IsSignedBy(key))).Select(key => key.Id).ToList();
                standing.Add(new RequestStanding(role, role != TopLevelRole.Root ? role : at == 0 ? "root before" : "root after", signed, demand.Role.Threshold, waiting));
            }
        }

        return standing;
    }

    /// <summary>A role as it is published, as far as its keys have signed it.</summary>
    internal Targets PublishedOf(string role) => role == TopLevelRole.Targets ? Before[role].Signed : OwnWord.Of(Before.GetValueOrDefault(role), TreeBefore.Find(role));

    /// <summary>The targets whose content takes the place of a published one that it is set against.</summary>
    private IEnumerable<(string Name, FileHashes Before)> Replaced() =>
        from pair in Next
        let published = PublishedOf(pair.Key).Files
        from file in pair.Value.Signed.Files
        where IsCompared(file.Key) && published.TryGetValue(file.Key, out var known) && !known.IsSameAs(file.Value)
        select (file.Key, published[file.Key]);

    // All that holds or does not hold by itself, whoever asks.
    private RequestError? Examine()
    {
        RequestError Wrong(string role, string message) => new(RequestFault.Inconsistent, role, message);
        for (var i = 0; i < Roots.Count; i++)
        {
            var (root, before) = (Roots[i], Roots[Math.Max(0, i - 1)].Signed);
            if (root.Signed.Version != Roots[0].Signed.Version + i || !root.IsVerifiedBy(root.Signed.Roles[TopLevelRole.Root], root.Signed.Keys)
                || !root.IsVerifiedBy(before.Roles[TopLevelRole.Root], before.Keys))
            {
                return Wrong(TopLevelRole.Root, $"version {root.Signed.Version} does not follow the root before it");
            }
        }

        if (Next.Count > 0 && (!Before.TryGetValue(TopLevelRole.Targets, out var targets) || !targets.IsVerifiedBy(Present.Roles[TopLevelRole.Targets], Present.Keys)))
        {
            return Wrong(TopLevelRole.Targets, "what it shows as published is not signed by the present keys");
        }

        if (NextRoot is null && Next.Count == 0)
        {
            return Wrong("", "it asks for no signature");
        }

        if (NextRoot is { } next && ExamineRoot(next) is { } reason)
        {
            return Wrong(TopLevelRole.Root, reason);
        }

        if (Online.Any(role => !RepositoryRoles.IsOnline(role) || TopLevelRole.IsTopLevel(role)))
        {
            return Wrong("", "it leaves an offline role to the hub");
        }

        foreach (var (role, metadata) in Next)
        {
            if (ExamineRole(role, metadata) is { } fault)
            {
                return Wrong(role, fault);
            }
        }

        foreach (var name in Contents.Keys)
        {
            if (!Next.Values.Any(role => role.Signed.Files.ContainsKey(name)))
            {
                return Wrong("", $"it brings {name}, which no role lists");
            }
        }

        var replaced = Replaced().ToDictionary(pair => pair.Name, pair => pair.Before, StringComparer.Ordinal);
        if (Published.Keys.FirstOrDefault(name => !replaced.ContainsKey(name)) is { } strange)
        {
            return Wrong("", $"it shows {strange} as published, which it does not change");
        }

        foreach (var (name, before) in replaced)
        {
            if (!Published.TryGetValue(name, out var content) || before.Mismatch(content.Span) is not null)
            {
                return Wrong("", $"{name} is without what is published of it, so that nothing tells what it changes");
            }
        }

        return Says.SequenceEqual(Difference.Of(this), StringComparer.Ordinal) ? null : Wrong("", "its words are not what it does; do not sign it");
    }

    private string? ExamineRoot(SignedMetadata<Root> next)
    {
        return next.Signed.Version != Present.Version + 1 ? $"version {next.Signed.Version} does not follow version {Present.Version}"
            : !next.SaysNothingElse() ? "it holds something that cannot be shown"
            : next.Signed.Roles.Values.Any(role => IsOutOfReach(role, next.Signed.Keys)) ? "a role has fewer keys than must sign"
            : Present.WitnessPolicy is not null && next.Signed.WitnessPolicy is null ? "it would do without witnesses, which sensors refuse"
            : !next.Signed.ConsistentSnapshot ? "it gives up consistent snapshots"
            : null;
    }

    private string? ExamineRole(string role, SignedMetadata<Targets> next)
    {
        var before = Before.GetValueOrDefault(role)?.Signed.Version ?? 0;
        if (next.Signed.Version != before + 1)
        {
            return $"version {next.Signed.Version} does not follow version {before}";
        }

        if (!next.SaysNothingElse())
        {
            return "it holds something that cannot be shown";
        }

        if (TopLevelRole.IsTopLevel(role) ? role != TopLevelRole.Targets : RepositoryRoles.IsOnline(role) || DemandsOf(role).Count == 0)
        {
            return "nobody signs it offline";
        }

        if (next.Signed.Delegations is { } delegations && delegations.Roles.FirstOrDefault(child => IsOutOfReach(child.Keys, delegations.Keys)) is { } unreachable)
        {
            return $"{unreachable.Name} has fewer keys than must sign";
        }

        var published = PublishedOf(role).Files;
        foreach (var (name, file) in next.Signed.Files.Where(file => !published.TryGetValue(file.Key, out var known) || !known.IsSameAs(file.Value)))
        {
            if (!Contents.TryGetValue(name, out var content) || file.Mismatch(content.Span) is not null)
            {
                return $"{name} is without its content";
            }

            if (Tree.RoleOf(name) != role)
            {
                return $"{name} is not among the paths of this role";
            }

            if (TargetDocument.Fault(name, content) is { } fault)
            {
                return $"{name} would be refused by sensors: {fault}";
            }
        }

        return null;
    }

    private static bool IsOutOfReach(RoleKeys role, IReadOnlyDictionary<string, TufKey> keys) => new Demand(role, keys).Keys.DistinctBy(key => key.Material).Count() < role.Threshold;
}
