using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Metadata;

/// <summary>The <c>delegations</c> of a targets role (specification §4.5): keys, and roles in the order in which they are asked.</summary>
internal sealed record Delegations(IReadOnlyDictionary<string, TufKey> Keys, IReadOnlyList<DelegatedRole> Roles)
{
    private const int MaxRoles = 4096;

    public void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        KeyTable.Write(writer, Keys);
        writer.Member("roles");
        writer.BeginArray();
        foreach (var role in Roles)
        {
            role.Write(writer);
        }

        writer.EndArray();
        writer.EndObject();
    }

    public static Delegations Read(ObjectReader reader, out string? mismatchedKeyId)
    {
        var keys = KeyTable.Read(reader, out mismatchedKeyId);
        // A repository may delegate by bins (TAP 15) alone; such a delegation is none for this client.
        var roles = reader.Has("roles")
            ? reader.List("roles", 0, MaxRoles, (item, path) => DelegatedRole.Read(new ObjectReader(item, path, reader.Faults)))
            : [];
        if (reader.Faults.First is null && roles.DistinctBy(role => role.Name, StringComparer.Ordinal).Count() != roles.Count)
        {
            reader.Faults.Add(reader.PathOf("roles"), "hold one name twice");
        }

        return new Delegations(keys, roles);
    }
}
