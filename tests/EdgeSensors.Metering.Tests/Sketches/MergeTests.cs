using CsCheck;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Sketches;
using EdgeSensors.Metering.Tests.Truth;

namespace EdgeSensors.Metering.Tests.Sketches;

/// <summary>A sketch merged from parts answers as one that saw everything; and its answers keep to their bounds on real traffic and on streams made to break them.</summary>
public sealed class MergeTests
{
    private const int Cores = 3;

    private static readonly Gen<(ulong Key, uint Weight, int Core)[]> Stream =
        Gen.Select(Gen.OneOf(Gen.ULong[0, 20], Gen.ULong[0, 5_000], Gen.ULong), Gen.UInt[1, 1_500], Gen.Int[0, Cores - 1]).Array[0, 2_000];

    [Fact]
    public void Merged_in_any_division_and_order_the_answer_is_the_same() => Stream.Sample(
        stream =>
        {
            var one = new Sketches();
            var parts = Enumerable.Range(0, Cores).Select(_ => new Sketches()).ToArray();
            foreach (var (key, weight, core) in stream)
            {
                one.Add(key, weight);
                parts[core].Add(key, weight);
            }

            var merged = new Sketches();
            foreach (var part in parts.Reverse())
                merged.Merge(part);
            Assert.Equal(one.Distinct.Registers.ToArray(), merged.Distinct.Registers.ToArray());
            Assert.Equal(one.Entropy.Bits(), merged.Entropy.Bits());
            Assert.Equal(one.Heavy.Above(one.Heavy.Total / 50), merged.Heavy.Above(one.Heavy.Total / 50));
        },
        iter: 30);

    [Fact]
    public void On_real_captures_the_answers_keep_to_their_bounds()
    {
        var looked = 0;
        foreach (var truth in Corpus.TsharkTruth())
        {
            var path = Path.Combine(Corpus.Captures, truth.GetProperty("file").GetString()!);
            if (new FileInfo(path).Length < 100_000 || !CaptureFile.TryOpen(path, out var file, out _))
                continue;
            var sketches = new Sketches();
            var exact = new Dictionary<ulong, ulong>();
            using (file)
            {
                CapturedPacket packet = default;
                while (file.Read(ref packet) != PacketRead.End)
                {
                    FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
                    if (header.IpVersion == 0)
                        continue;
                    var key = header.Source.IsIPv4 ? header.Source.Low : header.Source.High;
                    sketches.Add(key, 1);
                    exact[key] = exact.GetValueOrDefault(key) + 1;
                }
            }

            if (exact.Count > 0)
            {
                Check(sketches, exact);
                looked++;
            }
        }

        Assert.True(looked > 20, $"{looked} captures");
    }

    [Fact]
    public void On_streams_made_to_break_them_the_answers_keep_to_their_bounds()
    {
        // A spoofed flood: every key once. Keys that differ in one bit. One heavy key among keys that share all but its last octet. Heavier and heavier keys, the order that misleads Space-Saving.
        (ulong Key, uint Weight)[][] streams =
        [
            [.. Enumerable.Range(0, 200_000).Select(i => (SketchHash.Of(99, (ulong)i), 1u))],
            [.. Enumerable.Range(0, 64).SelectMany(bit => Enumerable.Repeat((1UL << bit, 1u), 100))],
            [.. Enumerable.Range(0, 100_000).Select(i => (i % 3 == 0 ? 0xC0A8_0001UL : 0xC0A8_0000UL + (ulong)(i % 256), 1u))],
            [.. Enumerable.Range(0, 10_000).Select(i => (((ulong)i * 7919) << 16, (uint)i))],
        ];
        foreach (var stream in streams)
        {
            var sketches = new Sketches();
            var exact = new Dictionary<ulong, ulong>();
            foreach (var (key, weight) in stream)
            {
                sketches.Add(key, weight);
                exact[key] = exact.GetValueOrDefault(key) + weight;
            }

            Check(sketches, exact);
        }
    }

    private static void Check(Sketches sketches, Dictionary<ulong, ulong> exact)
    {
        var total = (ulong)exact.Values.Sum(count => (long)count);
        Assert.Equal(total, sketches.Heavy.Total);
        Assert.InRange(sketches.Distinct.Estimate(), (exact.Count * 0.84) - 1, (exact.Count * 1.16) + 1); // five standard errors of 2^10 registers
        if (sketches.Weighted)
            Assert.InRange(sketches.Entropy.Bits(), 0, 14);
        else
            CheckEntropy(sketches, exact, total);

        var slack = (ulong)Math.Ceiling(total * Math.E / 4096);
        var tooHigh = 0;
        foreach (var (key, count) in exact)
        {
            Assert.True(sketches.Heavy.Estimate(key) >= count);
            tooHigh += sketches.Heavy.Estimate(key) > count + slack ? 1 : 0;
        }

        Assert.True(tooHigh <= (0.018 * exact.Count) + (5 * Math.Sqrt(exact.Count * 0.018)), $"{tooHigh} of {exact.Count} beyond the bound");
        var threshold = Math.Max(total / 50, 1);
        var found = sketches.Heavy.Above(threshold);
        Assert.Empty(exact.Where(pair => pair.Value >= threshold).Select(pair => pair.Key).Except(found.Select(heavy => heavy.Key)));
        Assert.All(found, heavy => Assert.True(exact.GetValueOrDefault(heavy.Key) + (2 * slack) >= threshold));
    }

    private static void CheckEntropy(Sketches sketches, Dictionary<ulong, ulong> exact, ulong total)
    {
        var bits = -exact.Values.Sum(count => count / (double)total * Math.Log2(count / (double)total));
        Assert.InRange(sketches.Entropy.Bits(), bits - Math.Log2(1 + (exact.Count / 16_384.0)) - 0.05, bits + 1e-9); // the expectation's bound, and a little for its spread
    }

    private sealed class Sketches
    {
        /// <summary>Whether weights were other than 1, which the entropy does not take.</summary>
        public bool Weighted { get; private set; }

        public HyperLogLog Distinct { get; } = new(10);

        public HashedEntropy Entropy { get; } = new();

        public HeavyHitters Heavy { get; } = new(5);

        public void Add(ulong key, uint weight)
        {
            Weighted |= weight != 1;
            var hash = SketchHash.Of(3, key);
            Distinct.Add(hash);
            Entropy.Add(hash);
            Heavy.Add(key, weight);
        }

        public void Merge(Sketches other)
        {
            Distinct.Merge(other.Distinct);
            Entropy.Merge(other.Entropy);
            Heavy.Merge(other.Heavy);
        }
    }
}
