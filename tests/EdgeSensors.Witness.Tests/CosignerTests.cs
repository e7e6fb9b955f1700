using System.Text;
using EdgeSensors.Hub.Store;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Tests.Log;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.Witness.Tests;

/// <summary>C2SP tlog-witness, add-checkpoint, answer by answer; and what an oversight body is there for: split views and logs that were cut off.</summary>
public sealed class CosignerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgesensors-witness-").FullName;
    private readonly SampleLog _log = new SampleLog().Fill(10);
    private readonly NoteSigner _key = NoteSigner.Create("oversight.example/w1", NoteKeyKind.Cosignature);
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private WitnessStore _store;
    private Cosigner _witness;

    public CosignerTests()
    {
        WitnessStore.Create(_folder);
        _store = WitnessStore.Open(_folder);
        _store.Follow(SampleLog.Origin);
        _witness = Start();
    }

    public void Dispose()
    {
        _store.Dispose();
        _key.Dispose();
        _log.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_log_that_grows_is_cosigned_and_the_cosignature_verifies()
    {
        var first = Cosigned(0);
        _log.Fill(25);
        var second = Cosigned(10);

        Assert.Equal((10, 25), (first.Size, second.Size));
        Assert.True(WitnessPolicy.TryCreate([_log.Signer.Key], [_key.Key], 1, out var policy));
        Assert.True(policy.TryVerify(second, out var error), error?.ToString());
        Assert.Equal(25, _store.Newest(SampleLog.Origin)!.Value.Size);
    }

    [Fact]
    public void The_same_tree_is_cosigned_again_with_a_newer_time()
    {
        var first = Cosigned(0);
        _time.Advance(TimeSpan.FromHours(1));
        var again = Cosigned(10);

        Assert.Equal(3600, again.CosignedBy(_key.Key) - first.CosignedBy(_key.Key));
    }

    [Fact]
    public void A_clock_that_is_set_back_makes_no_statement_older()
    {
        var first = Cosigned(0);
        var later = _time.GetUtcNow().AddHours(-5);
        _witness = new Cosigner(_key, Trusted, _store, Mark, new FakeTimeProvider(later), NullLogger<Cosigner>.Instance);

        Assert.Equal(first.CosignedBy(_key.Key), Cosigned(10).CosignedBy(_key.Key));
    }

    [Fact]
    public void A_split_view_is_not_cosigned_and_is_kept_as_evidence()
    {
        Cosigned(0);

        // The same log key signs another history of the same length, and of a greater one.
        var other = new SampleLog();
        for (var i = 0; i < 12; i++)
        {
            other.Append(Encoding.ASCII.GetBytes($"forged {i}"));
        }

        var same = Checkpoint.Sign(_log.Signer, 10, other.Prover.Root(10));
        var longer = Checkpoint.Sign(_log.Signer, 12, other.Prover.Root(12));

        Assert.Equal(422, Ask(new CheckpointSubmission(10, [], same)).Status);
        Assert.Equal(422, Ask(new CheckpointSubmission(10, other.Prover.Consistency(10, 12), longer)).Status);
        Assert.Equal(2, _store.Alarms().Count);
        Assert.All(_store.Alarms(), alarm => Assert.Contains(SampleLog.Origin, alarm.Note, StringComparison.Ordinal));
        Assert.Equal(10, _store.Newest(SampleLog.Origin)!.Value.Size);
        other.Dispose();
    }

    [Fact]
    public void A_log_that_was_cut_off_is_not_cosigned_and_is_told_what_was_seen()
    {
        _log.Fill(30);
        Cosigned(0);
        var cut = Checkpoint.Sign(_log.Signer, 20, _log.Prover.Root(20));

        Assert.Equal(400, Ask(new CheckpointSubmission(30, [], cut)).Status);
        var conflict = Ask(new CheckpointSubmission(20, [], cut));
        Assert.Equal((409, "30\n", "text/x.tlog.size"), (conflict.Status, conflict.Body, conflict.ContentType));

        // Grown again with other entries, it is another history.
        using var regrown = new SampleLog().Fill(20);
        for (var i = 0; i < 15; i++)
        {
            regrown.Append(Encoding.ASCII.GetBytes($"another {i}"));
        }

        Assert.Equal(422, Ask(new CheckpointSubmission(30, regrown.Prover.Consistency(30, 35), Checkpoint.Sign(_log.Signer, 35, regrown.Prover.Root(35)))).Status);
    }

    [Fact]
    public void What_was_cosigned_is_remembered_through_a_restart()
    {
        Cosigned(0);
        _store.Dispose();
        _store = WitnessStore.Open(_folder);
        _witness = Start();

        Assert.Equal(409, Ask(new CheckpointSubmission(0, [], _log.Head())).Status);
        Assert.Equal(200, Ask(new CheckpointSubmission(10, [], _log.Head())).Status);
    }

    [Fact]
    public void A_state_that_was_put_back_is_found_out_and_no_other_history_is_cosigned()
    {
        Cosigned(0);
        PutBackAfter(() =>
        {
            _log.Fill(25);
            Cosigned(10);
        });
        Assert.Equal(10, _store.Newest(SampleLog.Origin)!.Value.Size);

        Assert.Contains("an older copy was put back", Mark.Reconcile(_store, SampleLog.Origin, _key.Key), StringComparison.Ordinal);
        Assert.Equal(25, _store.Newest(SampleLog.Origin)!.Value.Size);
        using var other = new SampleLog().Fill(10);
        for (var i = 0; i < 20; i++)
        {
            other.Append(Encoding.ASCII.GetBytes($"forged {i}"));
        }

        // Consistent with the ten that the old state knew, and not with what was cosigned.
        Assert.Equal(409, Ask(new CheckpointSubmission(10, other.Prover.Consistency(10, 30), Checkpoint.Sign(_log.Signer, 30, other.Prover.Root(30)))).Status);
        Assert.Equal(422, Ask(new CheckpointSubmission(25, other.Prover.Consistency(25, 30), Checkpoint.Sign(_log.Signer, 30, other.Prover.Root(30)))).Status);
        Assert.Null(Mark.Reconcile(_store, SampleLog.Origin, _key.Key));
    }

    [Fact]
    public void A_mark_that_is_missing_or_behind_follows_the_state()
    {
        Cosigned(0);
        var file = Directory.GetFiles(Path.Combine(_folder, "mark")).Single();
        var old = File.ReadAllBytes(file);
        _log.Fill(25);
        Cosigned(10);
        foreach (var damage in new Action[] { () => File.Delete(file), () => File.WriteAllBytes(file, old), () => File.WriteAllText(file, "no checkpoint") })
        {
            damage();
            Assert.Null(Mark.Reconcile(_store, SampleLog.Origin, _key.Key));
            Assert.True(Checkpoint.TryParse(File.ReadAllBytes(file), out var mark, out _));
            Assert.Equal(25, mark.Size);
        }
    }

    [Fact]
    public void A_halted_log_is_cosigned_again_when_a_person_lets_it()
    {
        Cosigned(0);
        _log.Fill(25);
        var shown = _log.Head();
        shown = shown.WithCosignatures(_key.Cosign(shown, _time.GetUtcNow()), [_key.Key]);
        _store.Halt(shown, _time.GetUtcNow().ToUnixTimeSeconds(), "it shows more");

        Assert.Equal(503, Ask(new CheckpointSubmission(10, _log.Prover.Consistency(10, 25), _log.Head())).Status);
        Assert.Equal(25, _store.Resume(SampleLog.Origin));
        Assert.Null(_store.Resume(SampleLog.Origin));
        Assert.Equal(409, Ask(new CheckpointSubmission(10, _log.Prover.Consistency(10, 25), _log.Head())).Status);
        Assert.Equal(200, Ask(new CheckpointSubmission(25, [], _log.Head())).Status);
    }

    [Fact]
    public void A_witness_without_its_memory_does_not_go_on()
    {
        Cosigned(0);
        _store.Dispose();
        File.Delete(WitnessStore.PathIn(_folder));

        Assert.Throws<StoreException>(() => WitnessStore.Open(_folder));
    }

    [Fact]
    public void Each_fault_has_the_status_that_the_specification_gives_it()
    {
        using var stranger = new SampleLog().Fill(3); // the same origin, another key
        using var unknown = NoteSigner.Create("elsewhere.example/log", NoteKeyKind.Ed25519);

        Assert.Equal(400, _witness.Add("old 0\n"u8).Status);
        Assert.Equal(400, _witness.Add([]).Status);
        Assert.Equal(404, Ask(new CheckpointSubmission(0, [], Checkpoint.Sign(unknown, 3, new byte[32]))).Status);
        Assert.Equal(403, Ask(new CheckpointSubmission(0, [], stranger.Head())).Status);
        Assert.Equal(400, Ask(new CheckpointSubmission(11, [], _log.Head())).Status);
        Assert.Equal(409, Ask(new CheckpointSubmission(3, _log.Prover.Consistency(3, 10), _log.Head())).Status);
        Assert.Equal(422, Ask(new CheckpointSubmission(0, [], Checkpoint.Sign(_log.Signer, 0, new byte[32]))).Status);
        Assert.Equal(422, Ask(new CheckpointSubmission(0, _log.Prover.Consistency(3, 10), _log.Head())).Status);
        Assert.Equal(0, _store.Newest(SampleLog.Origin)!.Value.Size);
        Assert.Equal(200, Ask(new CheckpointSubmission(0, [], Checkpoint.Sign(_log.Signer, 0, MerkleTree.EmptyRoot.Span))).Status);
    }

    // The state, and not the mark, as somebody restores it from a copy.
    private void PutBackAfter(Action later)
    {
        var copy = Path.Combine(_folder, "copy");
        Directory.CreateDirectory(copy);
        _store.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.GetFiles(_folder, "witness.db*").ToList().ForEach(path => File.Copy(path, Path.Combine(copy, Path.GetFileName(path))));
        _store = WitnessStore.Open(_folder);
        _witness = Start();
        later();
        _store.Dispose();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.GetFiles(_folder, "witness.db*").ToList().ForEach(File.Delete);
        Directory.GetFiles(copy).ToList().ForEach(path => File.Copy(path, Path.Combine(_folder, Path.GetFileName(path))));
        _store = WitnessStore.Open(_folder);
        _witness = Start();
    }

    private static NoteKey KeyOf(SampleLog log) => log.Signer.Key;

    private IReadOnlyList<TrustedLog> Trusted => [new TrustedLog(new LogCard(KeyOf(_log), new Uri("https://hub.example/log/")), null)];

    private WitnessMark Mark => new(Path.Combine(_folder, "mark"));

    private Cosigner Start() => new(_key, Trusted, _store, Mark, _time, NullLogger<Cosigner>.Instance);

    private CosignAnswer Ask(CheckpointSubmission submission) => _witness.Add(submission.ToBytes());

    private Checkpoint Cosigned(long old)
    {
        var head = _log.Head();
        var answer = Ask(new CheckpointSubmission(old, _log.Prover.Consistency(old, _log.Size), head));
        Assert.True(answer.Status == 200, answer.Body);
        var cosigned = head.WithCosignatures(answer.Body, [_key.Key]);
        Assert.NotNull(cosigned.CosignedBy(_key.Key));
        return cosigned;
    }
}
