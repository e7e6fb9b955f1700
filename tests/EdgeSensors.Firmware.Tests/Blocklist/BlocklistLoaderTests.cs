using System.Net;
using System.Net.Sockets;
using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Tests.Conformance;
using EdgeSensors.Firmware.Tests.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Firmware.Tests.Blocklist;

/// <summary>The tap's reader of the blocklist file against the vectors and the hub's writer.</summary>
public class BlocklistLoaderTests
{
    private const long Now = 1_900_000_000_000;

    [Fact]
    public void The_snapshot_vector_gives_what_it_says()
    {
        string path = Path.Combine(DeviceBuild.Root, "protocol", "vectors", "blocklist", "snapshot.hex");
        byte[] file = Convert.FromHexString(string.Concat(File.ReadLines(path).Where(l => !l.StartsWith('#'))).Replace(" ", "", StringComparison.Ordinal));
        ListedAddresses list = Load(file, Now, 5_000)!;
        Assert.Equal(7, list.Version);
        foreach (string listed in (string[])["192.0.2.1", "192.0.2.200", "203.0.113.255", "0.0.0.0", "255.255.255.255", "2001:db8::2", "2001:db8:ffff::53", "198.51.100.77", "10.9.0.40"])
        {
            Assert.True(Contains(list, listed), listed);
        }

        foreach (string other in (string[])["192.0.2.4", "1.1.1.1", "2001:db8::3", "198.51.101.1", "2001:db8:fffe::53"])
        {
            Assert.False(Contains(list, other), other);
        }

        // The first cohort ends: what only it held is gone, the rest stays.
        ListedAddresses later = Load(file, list.NextExpiryMs, 5_000)!;
        Assert.False(Contains(later, "192.0.2.1"));
        Assert.True(Contains(later, "255.255.255.255"));
    }

    [Fact]
    public void Lists_of_every_kind_of_prefix_are_read_as_the_hub_wrote_them()
    {
        Random random = new(12);
        for (int round = 0; round < 60; round++)
        {
            BlocklistBuilder builder = new();
            List<Prefix> all = [];
            int[] lengths4 = [32, 32, 24, 32, 16, 8, 1];
            int[] lengths6 = [128, 64, 48, 32, 33, 127, 1];
            int count = random.Next(1, 800);
            for (int i = 0; i < count; i++)
            {
                bool v4 = random.Next(3) > 0;
                byte[] octets = new byte[v4 ? 4 : 16];
                random.NextBytes(octets);
                if (random.Next(2) == 0)
                {
                    octets.AsSpan(0, octets.Length / 2).Clear();
                }

                Prefix prefix = Prefix.Of(octets, (v4 ? lengths4 : lengths6)[random.Next(7)]);
                all.Add(prefix);
                builder.Add(prefix, DocumentId.Parse("c" + random.Next(3)), new UnixMilliseconds(Now + 86_400_000L * random.Next(1, 4)));
            }

            ListedAddresses? list = Load(builder.Build(round + 1).ToSnapshot(), Now, 5_000);
            Assert.NotNull(list);
            foreach (Prefix prefix in all)
            {
                Assert.True(Contains(list, prefix.Address.ToString()), prefix.ToString());
            }

            for (int i = 0; i < 200; i++)
            {
                byte[] octets = new byte[random.Next(2) == 0 ? 4 : 16];
                random.NextBytes(octets);
                IPAddress address = new(octets);
                Assert.Equal(all.Any(p => p.Contains(octets)), Contains(list, address.ToString()));
            }
        }
    }

    [Fact]
    public void Fifty_thousand_addresses_fit_and_one_more_than_there_is_room_for_is_refused()
    {
        Random random = new(3);
        BlocklistBuilder builder = new();
        HashSet<uint> addresses = [];
        while (addresses.Count < 50_000)
        {
            addresses.Add((uint)random.NextInt64(1L << 32));
        }

        byte[] octets = new byte[4];
        foreach (uint address in addresses)
        {
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(octets, address);
            builder.Add(Prefix.Of(octets, 32), DocumentId.Parse("c2"), new UnixMilliseconds(Now + 1));
        }

        byte[] file = builder.Build(1).ToSnapshot();
        ListedAddresses list = Load(file, Now, 50_000)!;
        Assert.Equal(50_000, list.Count);
        Assert.True(list.Addresses!.Octets <= 125_000);
        Assert.True(addresses.All(a => list.Contains(0, 0xffff00000000UL | a)));
        Assert.Null(Load(file, Now, 49_999));
        Assert.Equal(0, Load(file, Now + 1, 50_000)!.Count);
        TestContext.Current.TestOutputHelper?.WriteLine($"{file.Length} octets in the file, {list.Addresses.Octets} in memory");
    }

    [Fact]
    public void Every_octet_altered_is_refused_by_the_file_itself()
    {
        BlocklistBuilder builder = new();
        Random random = new(9);
        for (int i = 0; i < 40; i++)
        {
            byte[] octets = new byte[i % 2 == 0 ? 4 : 16];
            random.NextBytes(octets);
            builder.Add(Prefix.Of(octets, i % 2 == 0 ? 32 : 64), DocumentId.Parse("c2"), new UnixMilliseconds(Now + 1_000));
        }

        byte[] file = builder.Build(5).ToSnapshot();
        for (int i = 0; i < file.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                file[i] ^= (byte)(1 << bit);
                ListedAddresses? list = Load(file, Now, 5_000);
                Assert.True(list is null || (i is >= 4 and < 12), $"octet {i}"); // the version is signed, not in the state
                file[i] ^= (byte)(1 << bit);
            }
        }

        for (int length = 0; length < file.Length; length++)
        {
            Assert.Null(Load(file[..length], Now, 5_000));
        }

        for (int i = 0; i < 5_000; i++)
        {
            byte[] noise = new byte[random.Next(200)];
            random.NextBytes(noise);
            file.AsSpan(0, Math.Min(noise.Length, random.Next(60))).CopyTo(noise);
            _ = Load(noise, Now, 5_000);
        }
    }

    private static ListedAddresses? Load(byte[] file, long now, int capacity)
    {
        MemoryFlash flash = new(1024 * 1024);
        file.CopyTo(flash.Octets, 4096);
        BlocklistLoader loader = new(flash, capacity);
        loader.Begin(4096, file.Length, now);
        bool good;
        int steps = 0;
        while (!loader.Step(out good))
        {
            Assert.True(++steps < 10_000_000);
        }

        return good ? loader.Result : null;
    }

    private static bool Contains(ListedAddresses list, string text)
    {
        IPAddress address = IPAddress.Parse(text);
        byte[] b = address.GetAddressBytes();
        return address.AddressFamily == AddressFamily.InterNetwork
            ? list.Contains(0, 0xffff00000000UL | System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(b))
            : list.Contains(System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(b), System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(b.AsSpan(8)));
    }
}
