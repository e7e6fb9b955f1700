using CsCheck;
using EdgeSensors.Hub.Inbox;

namespace EdgeSensors.Hub.Tests.Inbox;

public class SequenceSetTests
{
    [Fact]
    public void The_unbroken_run_and_every_duplicate_are_those_of_a_plain_set()
    {
        Gen.ULong[1, 60].Array[0, 200].Sample(numbers =>
        {
            var set = new SequenceSet();
            var model = new HashSet<ulong>();
            foreach (var number in numbers)
            {
                Assert.Equal(model.Add(number), set.Add(number));
            }

            var run = 0UL;
            while (model.Contains(run + 1))
            {
                run++;
            }

            Assert.Equal(run, set.UpTo);
            Assert.All(Enumerable.Range(1, 60), n => Assert.Equal(model.Contains((ulong)n), set.Contains((ulong)n)));
            Assert.Equal(model.Count > 0 && model.Max() > run, set.HasGap);
        });
    }

    [Fact]
    public void A_number_that_was_given_up_is_still_taken_once_when_it_comes()
    {
        var set = new SequenceSet();
        set.Add(1);
        set.Add(5);
        set.GiveUpTo(5);
        Assert.Equal(5UL, set.UpTo);
        Assert.True(set.Add(3));
        Assert.False(set.Add(3));
        Assert.Equal(5UL, set.UpTo);
    }

    [Fact]
    public void A_sender_of_odd_numbers_costs_bounded_memory()
    {
        var set = new SequenceSet();
        for (var n = 1UL; n < 100_000; n += 2)
        {
            set.Add(n);
        }

        Assert.Equal(SequenceSet.MaxExtents, set.Extents.Count);
        Assert.True(set.Contains(99_999));
        Assert.False(set.Add(99_999));
    }
}
