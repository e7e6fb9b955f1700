using System.Text;
using CsCheck;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Tests.Json;

/// <summary>OLPC canonical JSON, http://wiki.laptop.org/go/Canonical_JSON.</summary>
public sealed class CanonicalJsonTests
{
    [Theory]
    [InlineData(" { \"b\" : 1 , \"a\" : [ true , false , null ] } ", "{\"a\":[true,false,null],\"b\":1}")]
    [InlineData("\"\\u0041\\n\\\"\\\\\\/\"", "\"A\n\\\"\\\\/\"")] // only the quote and the backslash are escaped; a line break is itself
    [InlineData("{\"\\u00e9\":1,\"z\":2,\"\":3}", "{\"\":3,\"z\":2,\"é\":1}")]
    [InlineData("[-0,0,-1,123456789012345678901234567890]", "[0,0,-1,123456789012345678901234567890]")]
    [InlineData("{}", "{}")]
    public void A_value_has_one_form(string json, string canonical) => Assert.Equal(canonical, Canonical(json));

    [Fact]
    public void Members_are_sorted_by_code_point_and_not_by_UTF16()
    {
        // U+FF5E sorts before U+1F37A by code point, and after it by UTF-16 unit.
        Assert.Equal("{\"～\":1,\"🍺\":2}", Canonical("{\"🍺\":2,\"～\":1}"));
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("[1e3]")]
    [InlineData("{\"a\":0.5}")]
    public void A_number_that_is_no_integer_has_none(string json) => Assert.Null(Canonical(json));

    [Fact]
    public void The_canonical_form_of_a_canonical_form_is_itself() =>
        Gen.Dictionary(Gen.String, Gen.Long)[0, 8].Sample(members =>
        {
            var clean = members.Where(pair => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(pair.Key)) == pair.Key && !pair.Key.Any(char.IsControl)).ToDictionary();
            var once = Canonical(System.Text.Json.JsonSerializer.Serialize(clean))!;
            return Canonical(once) == once;
        });

    [Fact]
    public void A_member_written_out_of_order_is_a_bug()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Integer("b", 1);

        Assert.Throws<InvalidOperationException>(() => writer.Integer("a", 1));
    }

    private static string? Canonical(string json)
    {
        Assert.True(StrictJson.TryParse(Encoding.UTF8.GetBytes(json), 10_000, 10, out var document, out var fault), fault?.Reason);
        using (document)
        {
            return CanonicalJson.TryEncode(document.RootElement, out var canonical) ? Encoding.UTF8.GetString(canonical) : null;
        }
    }
}
