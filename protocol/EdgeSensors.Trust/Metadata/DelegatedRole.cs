using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>One delegation: a role, its keys, and the target paths that it may speak of.</summary>
internal sealed record DelegatedRole
{
    public required string Name { get; init; }

    public required RoleKeys Keys { get; init; }

    /// <summary>No later role is asked about a path that this one is asked about.</summary>
    public bool Terminating { get; init; }

    public IReadOnlyList<string>? Paths { get; init; }

    public IReadOnlyList<string>? PathHashPrefixes { get; init; }

    public bool Covers(string targetPath) =>
        Paths?.Any(pattern => PathPattern.Matches(pattern, targetPath))
        ?? PathHashPrefixes?.Any(prefix => PathPattern.HashOf(targetPath).StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
        ?? false;

    public void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.Strings("keyids", Keys.KeyIds);
        writer.String("name", Name);
        writer.Strings("paths", Paths ?? []);
        writer.Member("terminating");
        writer.Boolean(Terminating);
        writer.Integer("threshold", Keys.Threshold);
        writer.EndObject();
    }

    public static DelegatedRole Read(ObjectReader reader)
    {
        var role = new DelegatedRole
        {
            Name = reader.String("name"),
            Keys = RoleKeys.Read(reader),
            Terminating = reader.Has("terminating") && reader.Boolean("terminating"),
            Paths = Patterns(reader, "paths"),
            PathHashPrefixes = Patterns(reader, "path_hash_prefixes"),
        };
        if (role.Name.Length == 0 || TopLevelRole.IsTopLevel(role.Name))
        {
            reader.Faults.Add(reader.PathOf("name"), "is empty or a top-level role's");
        }

        if (role.Paths is not null == role.PathHashPrefixes is not null)
        {
            reader.Faults.Add(reader.PathOf("paths"), "and path_hash_prefixes are both there or both missing");
        }

        return role;
    }

    private static List<string>? Patterns(ObjectReader reader, string name) => reader.Has(name)
        ? reader.List(name, 0, 16_384, (item, path) => ObjectReader.AsString(item, path, reader.Faults, 512))
        : null;
}
