using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Metadata;

/// <summary>root.json (specification §4.3): the keys of the four top-level roles.</summary>
internal sealed record Root : SignedPayload
{
    public override string Type => TopLevelRole.Root;

    public required bool ConsistentSnapshot { get; init; }

    public required IReadOnlyDictionary<string, TufKey> Keys { get; init; }

    public required IReadOnlyDictionary<string, RoleKeys> Roles { get; init; }

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
        };
    }
}
