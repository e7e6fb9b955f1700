using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

/// <summary>What holds of every trust document.</summary>
public sealed class DocumentTests
{
    /// <summary>Reads bytes as a document of one kind and writes it again; the error instead when it is none.</summary>
    private delegate (byte[]? Written, DocumentError? Error) Codec(ReadOnlyMemory<byte> bytes);

    private static readonly Dictionary<string, (byte[] Sample, Codec Codec)> All = new()
    {
        ["authorization"] = (Samples.Authorization.ToCanonicalJson(), b => CollectionAuthorization.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["domestic"] = (Samples.Domestic.ToCanonicalJson(), b => DomesticPrefixTable.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["listed"] = (Samples.Listed.ToCanonicalJson(), b => AddressList.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["grant"] = (Samples.Grant.ToCanonicalJson(), b => Grant.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["narrow-grant"] = ((Samples.Grant with { Protocols = new HashSet<L4Protocol> { L4Protocol.Udp }, Ports = new HashSet<int> { 53, 123 } }).ToCanonicalJson(), b => Grant.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["enforcement"] = (Samples.Enforcement.ToCanonicalJson(), b => BlocklistEnforcement.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["connection"] = (Samples.Connections.ToCanonicalJson(), b => RuleSet.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
        ["rules"] = (Samples.Rules.ToCanonicalJson(), b => RuleSet.TryParse(b, out var d, out var e) ? (d.ToCanonicalJson(), e) : (null, e)),
    };

    public static TheoryData<string> Kinds => [.. All.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_document_reads_back_as_it_was_written(string kind)
    {
        var (sample, codec) = All[kind];

        var (written, error) = codec(sample);

        Assert.Null(error);
        Assert.Equal(Encoding.UTF8.GetString(sample), Encoding.UTF8.GetString(written!));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void An_unknown_member_is_refused_at_every_depth(string kind)
    {
        var (sample, codec) = All[kind];
        foreach (var path in ObjectsOf(JsonNode.Parse(sample)!).Select(node => node.GetPath()).ToList())
        {
            var copy = JsonNode.Parse(sample)!;
            ObjectsOf(copy).Single(node => node.GetPath() == path)["added"] = 1;

            var (_, error) = codec(Encoding.UTF8.GetBytes(copy.ToJsonString()));

            Assert.True(error is not null, $"An unknown member was taken at {path}.");
            Assert.EndsWith("added", error.Path, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_member_that_is_missing_or_of_another_type_is_named(string kind)
    {
        // These may be missing by their definition.
        string[] optional = ["pseudonym_key", "port", "prefix", "revert_at", "ports", "protocols", "hits"];
        var (sample, codec) = All[kind];
        foreach (var (path, name) in ObjectsOf(JsonNode.Parse(sample)!).SelectMany(node => node.Select(member => (node.GetPath(), member.Key))).ToList())
        {
            foreach (var remove in new[] { true, false })
            {
                var copy = JsonNode.Parse(sample)!;
                var owner = ObjectsOf(copy).Single(node => node.GetPath() == path);
                owner.Remove(name);
                if (!remove)
                {
                    owner[name] = JsonNode.Parse("1.5");
                }
                else if (optional.Contains(name) || path.EndsWith("_connection", StringComparison.Ordinal))
                {
                    continue;
                }

                var (_, error) = codec(Encoding.UTF8.GetBytes(copy.ToJsonString()));

                Assert.True(error is not null, $"{path}.{name} was {(remove ? "missing" : "1.5")} and nobody minded.");
                Assert.NotEmpty(error.Reason);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Any_bytes_give_a_document_or_a_typed_error(string kind)
    {
        var (sample, codec) = All[kind];
        Mutation.Of(sample).Sample(
            bytes =>
            {
                var (written, error) = codec(bytes);
                // What was accepted is valid through and through: it can be written, and reads back the same.
                return written is null ? error is not null : codec(written).Written!.SequenceEqual(written);
            },
            iter: 10_000);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_document_of_another_kind_is_refused(string kind)
    {
        foreach (var other in All.Where(other => TypeOf(other.Value.Sample) != TypeOf(All[kind].Sample)))
        {
            Assert.Equal("type", All[kind].Codec(other.Value.Sample).Error?.Path);
        }
    }

    [Fact]
    public void An_error_is_one_line_even_when_the_bytes_would_break_it()
    {
        Assert.False(Grant.TryParse("{\"\\u001b[31m\\n\":1}"u8.ToArray(), out _, out var error));
        Assert.DoesNotContain(error.ToString(), char.IsControl);
    }

    private static string TypeOf(byte[] document) => JsonNode.Parse(document)!["type"]!.GetValue<string>();

    private static IEnumerable<JsonObject> ObjectsOf(JsonNode node) => node switch
    {
        JsonObject found => [found, .. found.SelectMany(member => member.Value is null ? [] : ObjectsOf(member.Value))],
        JsonArray array => array.SelectMany(item => item is null ? [] : ObjectsOf(item)),
        _ => [],
    };
}
