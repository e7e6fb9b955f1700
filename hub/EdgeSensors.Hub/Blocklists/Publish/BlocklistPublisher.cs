using EdgeSensors.Hub.Blocklists.Merge;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Blocklists.Publish;

/// <summary>Makes of what is listed now the targets of each tier: the newest snapshot, and a delta from each of the versions before that were kept.</summary>
/// <param name="repository">Where it is published.</param>
/// <param name="store">What is listed, and the versions before.</param>
internal sealed class BlocklistPublisher(TufRepository repository, BlocklistStore store)
{
    /// <summary>Versions from which a delta leads to the newest.</summary>
    public const int DeltaBases = 16;

    /// <summary>Prepares the publication of the given tiers.</summary>
    /// <returns>The targets that change, and what came of each tier; a tier whose list is as it was does not change.</returns>
    public (RepositoryChange Change, IReadOnlyList<PublishedTier> Tiers) Prepare(IEnumerable<Tier> tiers, IReadOnlyList<MergedEntry> entries)
    {
        var change = new RepositoryChange();
        var published = new List<PublishedTier>();
        foreach (var tier in tiers)
        {
            var current = Current(tier);
            var next = tier.Build(entries, (current?.Version ?? 0) + 1);
            if (current is not null && next.State.SequenceEqual(current.State))
            {
                published.Add(new PublishedTier(tier, current.Version, current.EntryCount, 0, null, []));
                continue;
            }

            var snapshot = next.ToSnapshot();
            change.SetTarget(TargetNames.BlocklistSnapshot(tier.Name), snapshot);
            var deltas = new List<(long From, int Octets)>();
            foreach (var older in Bases(tier, current))
            {
                if (next.DeltaFrom(older) is { } delta && delta.Length < snapshot.Length)
                {
                    change.SetTarget(TargetNames.BlocklistDelta(tier.Name, older.Version), delta);
                    deltas.Add((older.Version, delta.Length));
                }
            }

            foreach (var stale in DeltasInRepository(tier).Where(stale => deltas.All(delta => delta.From != stale)))
            {
                change.RemoveTarget(TargetNames.BlocklistDelta(tier.Name, stale));
            }

            published.Add(new PublishedTier(tier, next.Version, next.EntryCount, snapshot.Length, snapshot, deltas));
        }

        return (change, published);
    }

    /// <summary>What is enforced; null when nothing is.</summary>
    public BlocklistEnforcement? Enforcement()
    {
        if (!Targets().Contains(TargetNames.BlocklistEnforcement))
        {
            return null;
        }

        if (!repository.ReadTarget(TargetNames.BlocklistEnforcement).TryGet(out var bytes, out var error))
        {
            throw new InvalidDataException(error.ToString());
        }

        return BlocklistEnforcement.TryParse(bytes, out var document, out var fault) ? document : throw new InvalidDataException(fault.ToString());
    }

    /// <summary>The tiers that a sensor may take for enforcement where the whole list is too large for it, as the document names them.</summary>
    public static IReadOnlyList<int> EnforceableTiers(IEnumerable<Tier> tiers) =>
        [.. tiers.Select(tier => tier.Capacity).Where(capacity => capacity < BlocklistBounds.MaxEntries).Distinct().Order().TakeLast(BlocklistEnforcement.MaxTiers)]; // the smallest protect least

    /// <summary>Keeps the tiers that the document of what is enforced names at those that are published.</summary>
    public void NameTiers(RepositoryChange change, IEnumerable<Tier> tiers)
    {
        var published = EnforceableTiers(tiers);
        if (Enforcement() is { } document && !document.Tiers.SequenceEqual(published))
        {
            change.Set(document with { Version = document.Version + 1, Tiers = published });
        }
    }

    /// <summary>The tiers that are in the repository.</summary>
    public IEnumerable<Tier> Tiers() =>
        from name in Targets()
        where name.StartsWith(TargetNames.BlocklistFolder, StringComparison.Ordinal) && name.EndsWith(TargetNames.BlocklistSnapshotEnd, StringComparison.Ordinal)
        let tier = Tier.TryParse(name[TargetNames.BlocklistFolder.Length..^TargetNames.BlocklistSnapshotEnd.Length], out var read) ? read : null
        where tier is not null
        select tier;

    /// <summary>What the repository has of a tier: it, not the store, says which version is the newest.</summary>
    public Blocklist? Current(Tier tier)
    {
        var name = TargetNames.BlocklistSnapshot(tier.Name);
        if (!Targets().Contains(name))
        {
            return null;
        }

        if (!repository.ReadTarget(name).TryGet(out var bytes, out var error))
        {
            throw new InvalidDataException(error.ToString());
        }

        return Blocklist.TryRead(bytes, out var list, out var fault) ? list : throw new InvalidDataException($"{name}: {fault}");
    }

    private IEnumerable<Blocklist> Bases(Tier tier, Blocklist? current)
    {
        if (current is null)
        {
            yield break;
        }

        yield return current;
        foreach (var snapshot in store.Kept(tier.Name).Take(DeltaBases))
        {
            // One that is not older was prepared and never published.
            if (Blocklist.TryRead(snapshot, out var older, out _) && older.Version < current.Version)
            {
                yield return older;
            }
        }
    }

    private IEnumerable<long> DeltasInRepository(Tier tier) =>
        from name in Targets()
        let older = TargetNames.BlocklistDeltaBase(tier.Name, name)
        where older is not null
        select older.Value;

    private IReadOnlyList<string> Targets() => repository.ListTargets().TryGet(out var names, out var error) ? names : throw new InvalidDataException(error.ToString());
}
