using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>snapshot.json (specification §4.4): the version of every targets role, by file name.</summary>
internal sealed record Snapshot : SignedPayload
{
    public override string Type => TopLevelRole.Snapshot;

    /// <summary>By unversioned file name, <c>targets.json</c>.</summary>
    public required IReadOnlyDictionary<string, MetaFile> Meta { get; init; }

    public MetaFile? Find(string role) => Meta.GetValueOrDefault($"{role}.json");

    public override void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("_type", Type);
        writer.String("expires", FormatExpiry(Expires));
        writer.Member("meta");
        writer.BeginObject();
        foreach (var (name, file) in Meta.OrderBy(pair => pair.Key, CodePointOrder.Instance))
        {
            writer.Member(name);
            file.Write(writer);
        }

        writer.EndObject();
        writer.String("spec_version", SpecVersion);
        writer.Integer("version", Version);
        writer.EndObject();
    }

    public static Snapshot Read(ObjectReader reader)
    {
        var meta = new Dictionary<string, MetaFile>(StringComparer.Ordinal);
        foreach (var (name, value) in reader.Object("meta").Members(MetaFile.MaxFiles))
        {
            meta.Add(name, MetaFile.Read(new ObjectReader(value, $"meta.{name}", reader.Faults)));
        }

        return new Snapshot { Version = ReadVersion(reader), Expires = ReadExpiry(reader), Meta = meta };
    }
}
