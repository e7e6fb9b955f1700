using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>timestamp.json (specification §4.6): which snapshot is current.</summary>
internal sealed record Timestamp : SignedPayload
{
    public override string Type => TopLevelRole.Timestamp;

    public required MetaFile Snapshot { get; init; }

    public override void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("_type", Type);
        writer.String("expires", FormatExpiry(Expires));
        writer.Member("meta");
        writer.BeginObject();
        writer.Member("snapshot.json");
        Snapshot.Write(writer);
        writer.EndObject();
        writer.String("spec_version", SpecVersion);
        writer.Integer("version", Version);
        writer.EndObject();
    }

    public static Timestamp Read(ObjectReader reader) => new()
    {
        Version = ReadVersion(reader),
        Expires = ReadExpiry(reader),
        Snapshot = MetaFile.Read(reader.Object("meta").Object("snapshot.json")),
    };
}
