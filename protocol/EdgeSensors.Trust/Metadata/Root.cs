using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Metadata;

/// <summary>root.json (specification §4.3): the keys of the four top-level roles.</summary>
internal sealed record Root : SignedPayload
{
    private const string PolicyMember = Log.WitnessPolicy.RootMember;

    public override string Type => TopLevelRole.Root;

    public required bool ConsistentSnapshot { get; init; }

    public required IReadOnlyDictionary<string, TufKey> Keys { get; init; }

    public required IReadOnlyDictionary<string, RoleKeys> Roles { get; init; }

    /// <summary>What proofs of the transparency log must show; null in a repository that knows no log. Other clients skip the member.</summary>
    public WitnessPolicy? WitnessPolicy { get; init; }

    public override void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("_type", Type);
        writer.Member("consistent_snapshot");
        writer.Boolean(ConsistentSnapshot);
        writer.String("expires", FormatExpiry(Expires));
        KeyTable.Write(writer, Keys);
        writer.Member("roles");
        writer.BeginObject();
        foreach (var (name, role) in Roles.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.Member(name);
            writer.BeginObject();
            writer.Strings("keyids", role.KeyIds);
            writer.Integer("threshold", role.Threshold);
            writer.EndObject();
        }

        writer.EndObject();
        writer.String("spec_version", SpecVersion);
        writer.Integer("version", Version);
        if (WitnessPolicy is { } policy)
        {
            writer.Member(PolicyMember);
            writer.BeginObject();
            writer.Strings("logs", policy.Logs.Select(key => key.ToString()));
            writer.Integer("quorum", policy.Quorum);
            writer.Strings("witnesses", policy.Witnesses.Select(key => key.ToString()));
            writer.EndObject();
        }

        writer.EndObject();
    }

    public static Root Read(ObjectReader reader, out string? mismatchedKeyId)
    {
        var roles = reader.Object("roles");
        return new Root
        {
            Version = ReadVersion(reader),
            Expires = ReadExpiry(reader),
            // Absent means no: "consistent_snapshot" came with version 1.0 and old roots lack it.
            ConsistentSnapshot = reader.Has("consistent_snapshot") && reader.Boolean("consistent_snapshot"),
            Keys = KeyTable.Read(reader, out mismatchedKeyId),
            Roles = new[] { TopLevelRole.Root, TopLevelRole.Timestamp, TopLevelRole.Snapshot, TopLevelRole.Targets }
                .ToDictionary(name => name, name => RoleKeys.Read(roles.Object(name)), StringComparer.Ordinal),
            WitnessPolicy = reader.Has(PolicyMember) ? ReadPolicy(reader.Object(PolicyMember)) : null,
        };
    }

    private static WitnessPolicy? ReadPolicy(ObjectReader reader)
    {
        IReadOnlyList<NoteKey> Keys(string name) => [.. reader.List(name, 1, Log.WitnessPolicy.MaxKeys, (item, path) =>
        {
            if (!NoteKey.TryParse(ObjectReader.AsString(item, path, reader.Faults, 400), out var key))
            {
                reader.Faults.Add(path, "is no key of the form name+id+key");
            }

            return key;
        }).OfType<NoteKey>()];

        var (logs, witnesses, quorum) = (Keys("logs"), Keys("witnesses"), reader.Integer("quorum", 1, Log.WitnessPolicy.MaxKeys));
        if (!Log.WitnessPolicy.TryCreate(logs, witnesses, (int)quorum, out var policy))
        {
            reader.Faults.Add(reader.PathOf("quorum"), "is more than the witnesses, or a key is of the wrong kind or there twice");
        }

        return policy;
    }
}
