using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>One selector of a targeted authorisation: the flows it picks, and the fields of them that may leave the sensor.</summary>
public sealed record FlowSelector
{
    /// <summary>The end that <see cref="Prefix"/> and <see cref="Port"/> speak of.</summary>
    public required SelectorEnd End { get; init; }

    /// <summary>The address of that end lies in it; null means any address. A selector has a prefix or a port, or both.</summary>
    public Prefix? Prefix { get; init; }

    /// <summary>The transport port of that end, 0 to 65535; null means any.</summary>
    public int? Port { get; init; }

    /// <summary>IANA IPFIX information element names (RFC 7012) that may be reported, 1 to 64.</summary>
    public required IReadOnlyList<string> Fields { get; init; }

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("end", Words.Of(Words.Ends, End));
        writer.Strings("fields", Fields);
        if (Port is { } port)
        {
            writer.Integer("port", port);
        }

        if (Prefix is { } prefix)
        {
            writer.String("prefix", prefix.ToString());
        }

        writer.EndObject();
    }

    internal static FlowSelector Read(ObjectReader reader)
    {
        var selector = new FlowSelector
        {
            End = reader.Word("end", Words.Ends),
            Fields = reader.List("fields", 1, 64, (item, path) => ReadField(ObjectReader.AsString(item, path, reader.Faults, 64), path, reader.Faults)),
            Port = reader.Has("port") ? (int)reader.Integer("port", 0, 65_535) : null,
            Prefix = reader.Has("prefix") ? Words.ReadPrefix(reader.Value("prefix"), reader.PathOf("prefix"), reader.Faults) : null,
        };
        if (selector.Port is null && selector.Prefix is null)
        {
            reader.Faults.Add(reader.PathOf("prefix"), "and port are both missing: a selector names at least one");
        }

        reader.RefuseUnknown();
        return selector;
    }

    private static string ReadField(string name, string path, FaultLog faults)
    {
        if (name.Length == 0 || !name.All(char.IsAsciiLetterOrDigit))
        {
            faults.Add(path, "is not the name of an IPFIX information element");
        }

        return name;
    }
}
