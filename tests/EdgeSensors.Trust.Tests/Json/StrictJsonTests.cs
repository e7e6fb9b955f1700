using System.Text;
using CsCheck;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Tests.Json;

public sealed class StrictJsonTests
{
    [Theory]
    [InlineData("{\"a\":1,\"a\":1}")]
    [InlineData("{\"a\":1,\"\\u0061\":1}")]
    [InlineData("{\"x\":{\"a\":1,\"a\":2}}")]
    public void A_member_given_twice_is_refused_however_it_is_spelt(string json) => Refused(json);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("[1,]")]
    [InlineData("// a comment\n1")]
    [InlineData("01")]
    [InlineData("NaN")]
    [InlineData("'a'")]
    [InlineData("\uFEFF1")]
    [InlineData("\"a\nb\"")]
    public void What_is_not_JSON_is_refused(string json) => Refused(json);

    [Theory]
    [InlineData("\"\\ud800\"")]
    [InlineData("[\"\\udc00\\ud800\"]")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"\\ud800\":1,\"\\ud801\":1}")]
    public void A_lone_surrogate_is_refused(string json) => Refused(json);

    [Fact]
    public void Bytes_that_are_not_UTF8_are_refused() =>
        Assert.False(StrictJson.TryParse(new byte[] { (byte)'"', 0xC0, 0x80, (byte)'"' }, 100, 10, out _, out _));

    [Fact]
    public void Depth_and_size_are_bounded()
    {
        Refused(new string('[', 11) + new string(']', 11));
        Assert.False(StrictJson.TryParse(Encoding.UTF8.GetBytes("\"" + new string('x', 100) + "\""), 100, 10, out _, out var fault));
        Assert.Contains("at most 100", fault.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_give_a_document_or_a_fault() => Mutation.Of("{\"a\":[1,-2,\"\\u00e9\\\"\",null,true,{\"b\":{}}],\"c\":\"d\"}"u8.ToArray()).Sample(
        bytes =>
        {
            var read = StrictJson.TryParse(bytes, 1000, 10, out var document, out var fault);
            if (document is not null)
            {
                CanonicalJson.TryEncode(document.RootElement, out _);
                document.Dispose();
            }

            return read != (fault is not null);
        },
        iter: 20_000);

    private static void Refused(string json)
    {
        Assert.False(StrictJson.TryParse(Encoding.UTF8.GetBytes(json), 1000, 10, out _, out var fault));
        Assert.NotEmpty(fault.Reason);
    }
}
