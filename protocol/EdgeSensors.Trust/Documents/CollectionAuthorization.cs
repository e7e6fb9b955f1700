using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// What one sensor may select and report, until when (wall 2): the target <c>authorizations/{operator}/{sensor}.json</c>.
/// Without one that is in force a sensor reports its health only.
/// </summary>
public sealed record CollectionAuthorization
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "collection-authorization";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Names this authorisation; status messages quote it.</summary>
    public required DocumentId Id { get; init; }

    /// <summary>Who runs the sensor.</summary>
    public required OperatorId Operator { get; init; }

    /// <summary>The sensor that it is for, and no other.</summary>
    public required SensorId Sensor { get; init; }

    /// <summary>What it rests on; consent is for the owner's own network only.</summary>
    public required CollectionBasis Basis { get; init; }

    /// <summary>Whose network the sensor stands in.</summary>
    public required NetworkKind Network { get; init; }

    /// <summary>The deepest level allowed.</summary>
    public required CollectionLevel Level { get; init; }

    /// <summary>The directions whose flows may be selected; at least one.</summary>
    public required FlowDirections Directions { get; init; }

    /// <summary>The prefixes that are the own network, 1 to 65,536.</summary>
    public required IReadOnlyList<Prefix> OwnPrefixes { get; init; }

    /// <summary>A top prefix is reported only when at least this many own addresses met it: 1 to 1,000,000.</summary>
    public required int K { get; init; }

    /// <summary>What may be selected at level targeted; empty at every other level.</summary>
    public IReadOnlyList<FlowSelector> Selectors { get; init; } = [];

    /// <summary>The pseudonym key, wrapped to the sensor; present from level concern on.</summary>
    public SealedPseudonymKey? PseudonymKey { get; init; }

    /// <summary>The first moment it holds.</summary>
    public required UnixMilliseconds NotBefore { get; init; }

    /// <summary>The first moment it holds no more.</summary>
    public required UnixMilliseconds NotAfter { get; init; }

    /// <summary>Where it lies in the repository.</summary>
    public string TargetName => TargetNames.Authorization(Operator, Sensor);

    /// <summary>Whether it holds at a moment.</summary>
    public bool IsInForce(UnixMilliseconds at) => NotBefore <= at && at < NotAfter;

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        [NotNullWhen(true)] out CollectionAuthorization? document,
        [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>Reads one that was found under a target name, and refuses it when it names another sensor.</summary>
    public static bool TryParse(
        ReadOnlyMemory<byte> utf8,
        string targetName,
        [NotNullWhen(true)] out CollectionAuthorization? document,
        [NotNullWhen(false)] out DocumentError? error) =>
        TryParse(utf8, out document, out error) && DocumentCodec.CheckName(Type, targetName, document.TargetName, ref document, ref error);

    /// <summary>The bytes to sign and publish; throws <see cref="InvalidOperationException"/> when a value breaks a bound stated above.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.String("basis", Words.Of(Words.Bases, Basis));
        writer.Strings("directions", Words.Directions.Where(d => Directions.HasFlag(d.Value)).Select(d => d.Word));
        writer.String("id", Id.Text);
        writer.Integer("k", K);
        writer.String("level", Words.Of(Words.Levels, Level));
        writer.String("network", Words.Of(Words.Networks, Network));
        writer.Integer("not_after", NotAfter.Value);
        writer.Integer("not_before", NotBefore.Value);
        writer.String("operator", Operator.Text);
        writer.Strings("own_prefixes", OwnPrefixes);
        if (PseudonymKey is not null)
        {
            writer.Member("pseudonym_key");
            PseudonymKey.Write(writer);
        }

        writer.Member("selectors");
        writer.BeginArray();
        foreach (var selector in Selectors)
        {
            selector.Write(writer);
        }

        writer.EndArray();
        writer.String("sensor", Sensor.Text);
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return DocumentCodec.Finish<CollectionAuthorization>(writer, TryParse);
    }

    private static CollectionAuthorization Read(ObjectReader reader)
    {
        var (notBefore, notAfter) = reader.Validity();
        var level = reader.Word("level", Words.Levels);
        var selectors = reader.List("selectors", 0, 256, (item, path) => FlowSelector.Read(new ObjectReader(item, path, reader.Faults)));
        if (level == CollectionLevel.Targeted != selectors.Count > 0)
        {
            reader.Faults.Add("selectors", "belong to level targeted, which needs at least one");
        }

        var (basis, network) = (reader.Word("basis", Words.Bases), reader.Word("network", Words.Networks));
        if (basis == CollectionBasis.Consent && network != NetworkKind.Owner)
        {
            reader.Faults.Add("basis", "is consent, which is for the owner's own network only");
        }

        var key = reader.Has("pseudonym_key") ? SealedPseudonymKey.Read(reader.Object("pseudonym_key")) : null;
        if (level != CollectionLevel.Broad && key is null)
        {
            reader.Faults.Add("pseudonym_key", "is missing; levels concern and targeted need it");
        }

        return new CollectionAuthorization
        {
            Id = reader.Id("id"),
            Operator = reader.Operator("operator"),
            Sensor = reader.Sensor("sensor"),
            Basis = basis,
            Network = network,
            Level = level,
            Directions = ReadDirections(reader),
            OwnPrefixes = reader.Prefixes("own_prefixes", 1, 65_536),
            K = (int)reader.Integer("k", 1, 1_000_000),
            Selectors = selectors,
            PseudonymKey = key,
            NotBefore = notBefore,
            NotAfter = notAfter,
        };
    }

    private static FlowDirections ReadDirections(ObjectReader reader)
    {
        var all = FlowDirections.None;
        foreach (var one in reader.List("directions", 1, 4, (item, path) => Words.Read(Words.Directions, item, path, reader.Faults)))
        {
            if ((all & one) != 0)
            {
                reader.Faults.Add("directions", "names one twice");
            }

            all |= one;
        }

        return all;
    }
}
