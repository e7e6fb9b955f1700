using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>targets.json and every delegated role (specification §4.5): the targets of the role, and the paths it hands on.</summary>
internal sealed record Targets : SignedPayload
{
    private const int MaxTargets = 100_000;

    public override string Type => TopLevelRole.Targets;

    /// <summary>By target path.</summary>
    public required IReadOnlyDictionary<string, FileHashes> Files { get; init; }

    public Delegations? Delegations { get; init; }

    public override void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("_type", Type);
        if (Delegations is not null)
        {
            writer.Member("delegations");
            Delegations.Write(writer);
        }

        writer.String("expires", FormatExpiry(Expires));
        writer.String("spec_version", SpecVersion);
        writer.Member("targets");
        writer.BeginObject();
        foreach (var (name, file) in Files.OrderBy(pair => pair.Key, CodePointOrder.Instance))
        {
            writer.Member(name);
            writer.BeginObject();
            file.WriteMembers(writer);
            writer.EndObject();
        }

        writer.EndObject();
        writer.Integer("version", Version);
        writer.EndObject();
    }

    public static Targets Read(ObjectReader reader, out string? mismatchedKeyId)
    {
        mismatchedKeyId = null;
        var delegations = reader.Has("delegations") ? Delegations.Read(reader.Object("delegations"), out mismatchedKeyId) : null;
        var files = new Dictionary<string, FileHashes>(StringComparer.Ordinal);
        foreach (var (name, value) in reader.Object("targets").Members(MaxTargets))
        {
            files.Add(name, FileHashes.Read(new ObjectReader(value, $"targets.{name}", reader.Faults), required: true));
        }

        return new Targets { Version = ReadVersion(reader), Expires = ReadExpiry(reader), Files = files, Delegations = delegations };
    }
}
