using EdgeSensors.Firmware.Blocklist;

namespace EdgeSensors.Firmware.Tests.Blocklist;

/// <summary>The list in memory is exact and small.</summary>
public class AddressSetTests
{
    [Fact]
    public void Fifty_thousand_random_addresses_take_at_most_125000_octets_and_are_exact()
    {
        Random random = new(4);
        HashSet<uint> truth = [];
        while (truth.Count < 50_000)
        {
            truth.Add((uint)random.NextInt64(0, 1L << 32));
        }

        AddressSet set = Fill([.. truth.Order()], 50_000);
        Assert.Equal(50_000, set.Count);
        Assert.True(set.Octets <= 125_000, $"{set.Octets} octets");
        foreach (uint address in truth)
        {
            Assert.True(set.Contains(address));
            Assert.Equal(truth.Contains(address + 1), set.Contains(address + 1));
            Assert.Equal(truth.Contains(address - 1), set.Contains(address - 1));
            Assert.Equal(truth.Contains(address ^ 0x10000), set.Contains(address ^ 0x10000));
        }

        for (int i = 0; i < 1_000_000; i++)
        {
            uint address = (uint)random.NextInt64(0, 1L << 32);
            Assert.Equal(truth.Contains(address), set.Contains(address));
        }
    }

    [Theory]
    [InlineData(new uint[] { })]
    [InlineData(new uint[] { 0 })]
    [InlineData(new uint[] { uint.MaxValue })]
    [InlineData(new uint[] { 0, 1, 0xffff, 0x10000, 0x1ffff, 0xfffe0000, uint.MaxValue })]
    public void The_edges_of_the_address_space_are_members_like_any_other(uint[] addresses)
    {
        AddressSet set = Fill(addresses, addresses.Length + 1);
        foreach (uint probe in (uint[])[0, 1, 2, 0xfffe, 0xffff, 0x10000, 0x10001, 0x1ffff, 0x20000, 0xfffdffff, 0xfffe0000, 0xffffffff, 0xfffffffe])
        {
            Assert.Equal(addresses.Contains(probe), set.Contains(probe));
        }
    }

    [Fact]
    public void A_set_crowded_into_one_bucket_is_exact()
    {
        uint[] crowded = [.. Enumerable.Range(0, 60_000).Select(i => 0xc0a80000u + (uint)i)];
        AddressSet set = Fill(crowded, AddressSet.MaxCapacity);
        Assert.True(set.Contains(0xc0a80000u) && set.Contains(0xc0a80000u + 59_999));
        Assert.False(set.Contains(0xc0a80000u + 60_000) || set.Contains(0xc0a7ffff) || set.Contains(0xc0a90000));
    }

    [Fact]
    public void An_address_out_of_order_twice_or_without_room_is_refused()
    {
        AddressSet set = new(2);
        Assert.True(set.TryAppend(5));
        Assert.False(set.TryAppend(5));
        Assert.False(set.TryAppend(4));
        Assert.True(set.TryAppend(6));
        Assert.False(set.TryAppend(7));
        set.Complete();
        Assert.False(set.Contains(4) || set.Contains(7));
        set.Clear();
        Assert.True(set.TryAppend(4));
        set.Complete();
        Assert.True(set.Contains(4) && !set.Contains(5) && !set.Contains(6));
    }

    private static AddressSet Fill(uint[] sorted, int capacity)
    {
        AddressSet set = new(capacity);
        foreach (uint address in sorted)
        {
            Assert.True(set.TryAppend(address));
        }

        set.Complete();
        return set;
    }
}
