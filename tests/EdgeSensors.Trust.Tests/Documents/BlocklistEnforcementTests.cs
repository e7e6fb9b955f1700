using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

/// <summary>A list is enforced only as far as a signed document says.</summary>
public sealed class BlocklistEnforcementTests
{
    [Fact]
    public void A_value_out_of_its_bounds_cannot_leave()
    {
        var good = Samples.Enforcement;
        Assert.NotEmpty(good.ToCanonicalJson());
        foreach (var bad in (BlocklistEnforcement[])
        [
            good with { Categories = [] }, good with { Categories = [good.Categories[0], good.Categories[0]] },
            good with { Categories = [good.Categories[0] with { Category = DocumentId.Parse(new string('a', BlocklistEnforcement.MaxCategoryLength + 1)) }] },
            good with { Tiers = [2, 1] }, good with { Tiers = [1, 1] }, good with { MaxEntries = 0 }, good with { MinPrefixLengthV4 = 0 }, good with { Sensors = [] },
            good with { NotAfter = good.NotBefore },
        ])
        {
            Assert.Throws<InvalidOperationException>(() => bad.ToCanonicalJson());
        }
    }

    [Fact]
    public void The_longest_category_still_has_an_id_for_its_hits()
    {
        var longest = DocumentId.Parse(new string('a', BlocklistEnforcement.MaxCategoryLength));

        Assert.Equal(longest.Text, BlocklistEnforcement.CategoryOf(BlocklistEnforcement.RuleIdOf(longest).Text));
        Assert.Null(BlocklistEnforcement.CategoryOf("m-17"));
    }

    [Fact]
    public void It_is_for_the_sensors_that_it_names()
    {
        Assert.True(Samples.Enforcement.IsFor(OperatorId.Parse("carrier-a"), SensorId.Parse("edge-01")));
        Assert.False(Samples.Enforcement.IsFor(OperatorId.Parse("carrier-b"), SensorId.Parse("edge-01")));
    }
}
