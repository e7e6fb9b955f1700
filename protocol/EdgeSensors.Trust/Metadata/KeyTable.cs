using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Keys;

namespace EdgeSensors.Trust.Metadata;

/// <summary>The <c>keys</c> member of root and of delegations: key id to key.</summary>
internal static class KeyTable
{
    private const int MaxKeys = 4096;

    /// <summary>Reads the table. "Clients MUST calculate each KEYID to verify this is correct for the associated key" (specification §4.3).</summary>
    public static Dictionary<string, TufKey> Read(ObjectReader owner, out string? mismatchedKeyId)
    {
        mismatchedKeyId = null;
        var table = new Dictionary<string, TufKey>(StringComparer.Ordinal);
        foreach (var (id, value) in owner.Object("keys").Members(MaxKeys))
        {
            var reader = new ObjectReader(value, $"keys.{id}", owner.Faults);
            if (TufKey.Read(reader, value) is not { } key || owner.Faults.First is not null)
            {
                return table;
            }

            if (key.Id != id)
            {
                mismatchedKeyId = id;
                owner.Faults.Add($"keys.{id}", $"is the id of another key; this one's is {key.Id}");
                return table;
            }

            table.Add(id, key);
        }

        return table;
    }

    public static void Write(CanonicalJsonWriter writer, IReadOnlyDictionary<string, TufKey> keys)
    {
        writer.Member("keys");
        writer.BeginObject();
        foreach (var (id, key) in keys.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.Member(id);
            key.Write(writer);
        }

        writer.EndObject();
    }
}
