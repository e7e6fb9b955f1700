using System.Text.Json;
using EdgeSensors.Trust.Client;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>A store in memory whose contents a test can look at.</summary>
internal sealed class MemoryStore : IMetadataStore, ITargetStore
{
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    public byte[]? Read(string role, int maxBytes) => Files.GetValueOrDefault(role);

    public byte[]? Read(string targetName, long maxBytes) => Files.GetValueOrDefault(targetName);

    public void Write(string role, ReadOnlySpan<byte> file) => Files[role] = file.ToArray();

    public void Delete(string role) => Files.Remove(role);

    /// <summary>The version of a stored role; 0 when there is none.</summary>
    public long Version(string role)
    {
        if (!Files.TryGetValue(role, out var file))
        {
            return 0;
        }

        using var json = JsonDocument.Parse(file);
        return json.RootElement.GetProperty("signed").GetProperty("version").GetInt64();
    }
}
