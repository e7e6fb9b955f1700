using System.Text;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Tests.Log;

/// <summary>protocol/vectors/log is what the firmware tests against: a root with a policy of 2 of 3, a timestamp, and proofs of it that hold and that do not.</summary>
public sealed class LogVectorTests
{
    private const string Expected = "expected.txt";

    private static readonly string Folder = Path.Combine(SharedData.Repository, "protocol", "vectors", "log");
    private static readonly DateTimeOffset Time = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void The_vectors_are_what_the_code_writes_and_finds()
    {
        var (root, timestamp, proofs) = Make();
        VectorFile.Check(Path.Combine(Folder, "root.json"), Encoding.UTF8.GetString(root));
        VectorFile.Check(Path.Combine(Folder, "timestamp.json"), Encoding.UTF8.GetString(timestamp));
        Assert.True(WitnessPolicy.TryReadRoot(root, out var policy, out var reason), reason);
        var expected = new StringBuilder("# proof, then what a sensor that holds root.json says of it as one of timestamp.json\n");
        foreach (var (name, octets) in proofs)
        {
            VectorFile.Check(Path.Combine(Folder, name + ".tlog-proof"), Encoding.UTF8.GetString(octets));
            Assert.True(LogProof.TryParse(octets, out var proof, out var error), error?.ToString());
            expected.Append(name).Append(' ').Append(policy.TryVerify(LogEntry.OfMetadata(timestamp), proof, out var witnessed, out error)
                ? FormattableString.Invariant($"accepted {witnessed.Time.ToUnixTimeSeconds()} {string.Join('+', witnessed.Witnesses.Order())}")
                : $"refused {error.Fault}").Append('\n');
        }

        VectorFile.Check(Path.Combine(Folder, Expected), expected.ToString());
        Assert.Equal(
            proofs.Keys.Select(name => name + ".tlog-proof").Concat(["root.json", "timestamp.json", Expected]).Order(),
            Directory.GetFiles(Folder).Select(Path.GetFileName).Order());
    }

    private static (byte[] Root, byte[] Timestamp, SortedDictionary<string, byte[]> Proofs) Make()
    {
        using var tuf = Key(1);
        using var log = NoteSigner.Of(Key(2), "hub.example/log", NoteKeyKind.Ed25519);
        using var other = NoteSigner.Of(Key(3), "hub.example/log", NoteKeyKind.Ed25519);
        var witnesses = Enumerable.Range(1, 3).Select(i => NoteSigner.Of(Key(10 + i), $"oversight.example/w{i}", NoteKeyKind.Cosignature)).ToList();
        Assert.True(WitnessPolicy.TryCreate([log.Key], [.. witnesses.Select(witness => witness.Key)], 2, out var policy));
        var role = new RoleKeys([tuf.Id], 1);
        var root = SignedMetadata<Root>.Sign(
            new Root
            {
                Version = 1,
                Expires = Time.AddYears(1),
                ConsistentSnapshot = true,
                Keys = new Dictionary<string, TufKey> { [tuf.Id] = tuf.PublicKey },
                Roles = new[] { "root", "timestamp", "snapshot", "targets" }.ToDictionary(name => name, _ => role),
                WitnessPolicy = policy,
            },
            [tuf]).File.ToArray();
        var timestamp = SignedMetadata<Timestamp>.Sign(
            new Timestamp { Version = 12, Expires = Time.AddDays(1), Snapshot = new MetaFile(7, FileHashes.Of("a snapshot"u8)) }, [tuf]).File.ToArray();

        using var tree = new SampleLog().Fill(300);
        var index = tree.Append(LogEntry.OfMetadata(timestamp).ToBytes());
        tree.Fill(411);
        LogProof Proof(NoteSigner by, long at, params int[] cosigners)
        {
            var head = Checkpoint.Sign(by, tree.Size, tree.Prover.Root(tree.Size));
            // The last to cosign has a clock that runs an hour ahead.
            var lines = string.Concat(cosigners.Select(i => witnesses[i].Cosign(head, i == 2 ? Time.AddHours(1) : Time)));
            return LogProof.Of(at, tree.Prover.Inclusion(at, tree.Size), head.WithCosignatures(lines, cosigners.Select(i => witnesses[i].Key)));
        }

        var good = Proof(log, index, 0, 2);
        var first = LogProof.Of(0, [], Alone(log, witnesses, timestamp));
        var proofs = new SortedDictionary<string, byte[]>(StringComparer.Ordinal)
        {
            ["good"] = good.ToBytes(),
            ["good-all-witnesses"] = Proof(log, index, 0, 1, 2).ToBytes(),
            ["good-only-entry"] = first.ToBytes(),
            ["too-few-witnesses"] = Proof(log, index, 1).ToBytes(),
            ["no-witness"] = Proof(log, index).ToBytes(),
            ["other-entry"] = Proof(log, index + 1, 0, 1).ToBytes(),
            ["other-index"] = LogProof.Of(index + 2, good.Hashes, good.Checkpoint).ToBytes(),
            ["other-log-key"] = Proof(other, index, 0, 1).ToBytes(),
            ["one-hash-less"] = LogProof.Of(index, [.. good.Hashes.Skip(1)], good.Checkpoint).ToBytes(),
            ["one-hash-more"] = LogProof.Of(index, [.. good.Hashes, good.Hashes[0]], good.Checkpoint).ToBytes(),
            ["changed-size"] = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(good.ToBytes()).Replace("\n411\n", "\n412\n", StringComparison.Ordinal)),
            ["changed-cosignature"] = Change(good.ToBytes()),
        };
        witnesses.ForEach(witness => witness.Dispose());
        return (root, timestamp, proofs);
    }

    private static Checkpoint Alone(NoteSigner log, List<NoteSigner> witnesses, byte[] timestamp)
    {
        var head = Checkpoint.Sign(log, 1, LogEntry.OfMetadata(timestamp).LeafHash());
        return head.WithCosignatures(witnesses[0].Cosign(head, Time) + witnesses[1].Cosign(head, Time), witnesses.Select(witness => witness.Key));
    }

    // A letter near the end of the last cosignature.
    private static byte[] Change(byte[] proof)
    {
        proof[^10] = (byte)(proof[^10] == 'A' ? 'B' : 'A');
        return proof;
    }

    private static SigningKey Key(int number)
    {
        Assert.True(SigningKey.TryImport([.. Enumerable.Repeat((byte)number, 32)], out var key));
        return key;
    }
}
