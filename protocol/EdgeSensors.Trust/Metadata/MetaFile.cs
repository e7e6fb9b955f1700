using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Metadata;

/// <summary>What timestamp says of snapshot, and snapshot of every targets role: version, and where given length and hashes (specification §4.4).</summary>
internal sealed record MetaFile(long Version, FileHashes File)
{
    public const int MaxFiles = 16_384;

    public void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        File.WriteMembers(writer);
        writer.Integer("version", Version);
        writer.EndObject();
    }

    public static MetaFile Read(ObjectReader reader) => new(reader.Integer("version", 1, long.MaxValue), FileHashes.Read(reader, required: false));
}
