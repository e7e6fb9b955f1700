using EdgeSensors.Metering.Sketches;

namespace EdgeSensors.Metering.Tests.Sketches;

public sealed class SketchTests
{
    [Theory]
    [InlineData(10)]
    [InlineData(1000)]
    [InlineData(100_000)]
    public void A_count_is_within_five_standard_errors(int distinct)
    {
        var sketch = new HyperLogLog(10);
        for (var round = 0; round < 2; round++)
        {
            for (ulong i = 0; i < (ulong)distinct; i++)
            {
                sketch.Add(SketchHash.Of(3, i));
            }
        }

        Assert.InRange(sketch.Estimate(), distinct * 0.84, distinct * 1.16);
    }

    [Fact]
    public void Registers_never_exceed_what_the_hash_has_left()
    {
        var sketch = new HyperLogLog(4);
        sketch.Add(0);
        sketch.Add(ulong.MaxValue);
        Assert.Equal(61, sketch.Registers[0]);
        Assert.Equal(1, sketch.Registers[15]);
    }

    [Fact]
    public void Entropy_is_of_the_distribution()
    {
        var even = new HashedEntropy();
        var single = new HashedEntropy();
        for (ulong i = 0; i < 64_000; i++)
        {
            even.Add(SketchHash.Of(1, i % 64));
            single.Add(SketchHash.Of(1, 5));
        }

        Assert.Equal(6, even.Bits(), 2);
        Assert.Equal(0, single.Bits(), 6);
        Assert.Equal(0, new HashedEntropy().Bits());
    }
}
