using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>The spelling of each enumerated value in the documents, and the reading of the types that several documents share.</summary>
internal static class Words
{
    public static readonly (string Word, CollectionBasis Value)[] Bases = [("authorization", CollectionBasis.Authorization), ("consent", CollectionBasis.Consent)];
    public static readonly (string Word, NetworkKind Value)[] Networks = [("carrier", NetworkKind.Carrier), ("owner", NetworkKind.Owner)];

    public static readonly (string Word, CollectionLevel Value)[] Levels =
        [("broad", CollectionLevel.Broad), ("concern", CollectionLevel.Concern), ("targeted", CollectionLevel.Targeted)];

    public static readonly (string Word, FlowDirections Value)[] Directions =
    [
        ("inbound", FlowDirections.Inbound), ("outbound", FlowDirections.Outbound),
        ("transit", FlowDirections.Transit), ("internal", FlowDirections.Internal),
    ];

    public static readonly (string Word, SelectorEnd Value)[] Ends = [("own", SelectorEnd.Own), ("other", SelectorEnd.Other), ("either", SelectorEnd.Either)];

    public static readonly (string Word, MitigationStep Value)[] MitigationSteps =
        [("observe", MitigationStep.Observe), ("rate-limit", MitigationStep.RateLimit), ("drop", MitigationStep.Drop)];

    public static readonly (string Word, SlpfDirection Value)[] SlpfDirections =
        [("both", SlpfDirection.Both), ("ingress", SlpfDirection.Ingress), ("egress", SlpfDirection.Egress)];

    public static readonly (string Word, SlpfDropProcess Value)[] DropProcesses =
        [("none", SlpfDropProcess.None), ("reject", SlpfDropProcess.Reject), ("false_ack", SlpfDropProcess.FalseAck)];

    public static readonly (string Word, L4Protocol Value)[] Protocols =
        [("icmp", L4Protocol.Icmp), ("tcp", L4Protocol.Tcp), ("udp", L4Protocol.Udp), ("sctp", L4Protocol.Sctp)];

    public static string Of<T>((string Word, T Value)[] words, T value)
        where T : struct, Enum
    {
        foreach (var (word, known) in words)
        {
            if (EqualityComparer<T>.Default.Equals(known, value))
            {
                return word;
            }
        }

        throw new InvalidOperationException($"{value} has no spelling in a document.");
    }

    public static T Read<T>((string Word, T Value)[] words, JsonElement value, string path, FaultLog faults)
        where T : struct, Enum
    {
        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        foreach (var (word, known) in words)
        {
            if (word == text)
            {
                return known;
            }
        }

        faults.Add(path, $"is none of {string.Join(", ", words.Select(w => w.Word))}");
        return default;
    }

    public static T Word<T>(this ObjectReader reader, string name, (string Word, T Value)[] words)
        where T : struct, Enum => Read(words, reader.Value(name), reader.PathOf(name), reader.Faults);

    public static DocumentId Id(this ObjectReader reader, string name)
    {
        if (!DocumentId.TryParse(reader.String(name), out var id))
        {
            reader.Faults.Add(reader.PathOf(name), "is not an id (1 to 63 of a-z, 0-9 and '-')");
        }

        return id;
    }

    public static OperatorId Operator(this ObjectReader reader, string name)
    {
        if (!OperatorId.TryParse(reader.String(name), out var id))
        {
            reader.Faults.Add(reader.PathOf(name), "is not a lower-case DNS label of 3 to 63 characters");
        }

        return id;
    }

    public static SensorId Sensor(this ObjectReader reader, string name)
    {
        if (!SensorId.TryParse(reader.String(name), out var id))
        {
            reader.Faults.Add(reader.PathOf(name), "is not a lower-case DNS label of 3 to 63 characters");
        }

        return id;
    }

    public static UnixMilliseconds Time(this ObjectReader reader, string name) => new(reader.Integer(name, 0, UnixMilliseconds.MaxValue));

    /// <summary>The pair <c>not_before</c>, <c>not_after</c>: valid from the first moment up to, and not at, the second.</summary>
    public static (UnixMilliseconds NotBefore, UnixMilliseconds NotAfter) Validity(this ObjectReader reader)
    {
        var notBefore = reader.Time("not_before");
        var notAfter = reader.Time("not_after");
        if (notAfter <= notBefore)
        {
            reader.Faults.Add(reader.PathOf("not_after"), "is not after not_before");
        }

        return (notBefore, notAfter);
    }

    public static Prefix ReadPrefix(JsonElement value, string path, FaultLog faults)
    {
        if (!Prefix.TryParse(ObjectReader.AsString(value, path, faults, 64), out var prefix))
        {
            faults.Add(path, "is not an IP prefix with its host bits zero");
        }

        return prefix;
    }

    public static List<Prefix> Prefixes(this ObjectReader reader, string name, int minCount, int maxCount) =>
        reader.List(name, minCount, maxCount, (item, path) => ReadPrefix(item, path, reader.Faults));

    public static IReadOnlySet<MitigationStep> Steps(this ObjectReader reader, string name) =>
        reader.List(name, 1, 3, (item, path) => Read(MitigationSteps, item, path, reader.Faults)).ToHashSet();

    public static List<SensorPattern> Sensors(this ObjectReader reader, int minCount = 1, int maxCount = MitigationRule.MaxSensors) =>
        reader.List("sensors", minCount, maxCount, (item, path) =>
        {
            if (!SensorPattern.TryParse(ObjectReader.AsString(item, path, reader.Faults), out var pattern))
            {
                reader.Faults.Add(path, "is not '*', 'operator/*' or 'operator/sensor'");
            }

            return pattern;
        });
}
