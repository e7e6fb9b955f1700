using System.Text;
using CsCheck;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

public sealed class EnforcementHoldTests
{
    private static readonly byte[] s_bytes = new EnforcementHold { Since = new UnixMilliseconds(1_790_000_000_000) }.ToCanonicalJson();

    [Fact]
    public void A_hold_is_read_as_it_was_written()
    {
        Assert.Equal("""{"since":1790000000000,"spec":1,"type":"enforcement-hold"}""", Encoding.UTF8.GetString(s_bytes));
        Assert.True(EnforcementHold.TryParse(s_bytes, out var hold, out var error), error?.ToString());
        Assert.Equal(1_790_000_000_000, hold.Since.Value);
        Assert.Null(TargetDocument.Fault(TargetNames.Hold, s_bytes));
    }

    [Theory]
    [InlineData("""{"since":1,"spec":1,"type":"enforcement-hold","until":2}""")]
    [InlineData("""{"since":-1,"spec":1,"type":"enforcement-hold"}""")]
    [InlineData("""{"since":1,"spec":2,"type":"enforcement-hold"}""")]
    [InlineData("""{"spec":1,"type":"enforcement-hold"}""")]
    public void What_is_no_hold_is_refused(string text)
    {
        Assert.False(EnforcementHold.TryParse(Encoding.UTF8.GetBytes(text), out _, out _));
        Assert.NotNull(TargetDocument.Fault(TargetNames.Hold, Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Any_octets_give_a_hold_or_a_typed_error() =>
        Mutation.Of(s_bytes).Sample(mutated => EnforcementHold.TryParse(mutated, out _, out var error) || error.ToString().Length > 0, iter: Fuzzing.Iterations(500));
}
