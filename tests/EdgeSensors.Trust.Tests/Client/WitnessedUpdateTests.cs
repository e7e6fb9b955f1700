using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Tests.Log;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>Wall 4: what was not logged, or not seen by enough witnesses, is not trusted.</summary>
public sealed class WitnessedUpdateTests : IDisposable
{
    private readonly SimulatedRepository _repository = new();
    private readonly SampleLog _log = new(witnesses: 3);
    private readonly MemoryStore _store = new();

    public WitnessedUpdateTests()
    {
        // The enrolment's root, with 2 of 3 witnesses.
        _repository.Root = _repository.Root with { Version = 0, WitnessPolicy = _log.Policy(quorum: 2) };
        _repository.PublishRoot();
        _log.Fill(5);
        Publish(0, 1);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _repository.Dispose();
        _log.Dispose();
    }

    [Fact]
    public async Task A_logged_and_witnessed_timestamp_is_trusted()
    {
        Assert.True((await Client().RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());

        Assert.Equal(["oversight.example/w1", "oversight.example/w2"], verified.Witnessed.Witnesses.Order());
        Assert.Equal(SampleLog.Now, verified.Witnessed.Time);
    }

    [Fact]
    public async Task A_timestamp_without_proof_is_refused_and_the_one_before_stays()
    {
        Assert.True((await Client().RefreshAsync(Token)).TryGet(out var before, out _));
        _repository.PublishAll();

        await RefusedAsync(TufErrorKind.ProofMissing);
        Assert.True((await Client().LoadStoredAsync(Token)).TryGet(out var stored, out var error), error?.ToString());
        Assert.Equal(before.TimestampVersion, stored.TimestampVersion);
        Assert.Equal(before.Witnessed.Time, stored.Witnessed.Time);
    }

    [Fact]
    public async Task A_timestamp_that_too_few_witnesses_saw_is_refused()
    {
        Publish(2);
        await RefusedAsync(TufErrorKind.ProofRefused);
    }

    [Fact]
    public async Task The_proof_of_another_version_is_refused()
    {
        var old = _repository.MetadataFiles[ProofName("timestamp", _repository.Timestamp.Version)];
        _repository.PublishAll();
        _repository.MetadataFiles[ProofName("timestamp", _repository.Timestamp.Version)] = old;

        await RefusedAsync(TufErrorKind.ProofRefused);
    }

    [Fact]
    public async Task Bytes_that_are_no_proof_are_refused()
    {
        _repository.MetadataFiles[ProofName("timestamp", _repository.Timestamp.Version)] = "c2sp.org/tlog-proof@v1\nindex 0\n\nx"u8.ToArray();
        await RefusedAsync(TufErrorKind.ProofRefused);
    }

    [Fact]
    public async Task A_stored_timestamp_whose_proof_was_taken_away_is_not_trusted()
    {
        Assert.True((await Client().RefreshAsync(Token)).IsSuccess);
        _store.Files.Remove(TufClient.ProofRole);

        Assert.False((await Client().LoadStoredAsync(Token)).TryGet(out _, out var error));
        Assert.Equal(TufErrorKind.Unreachable, error.Kind);
    }

    [Fact]
    public async Task Metadata_that_is_named_without_a_hash_is_not_covered_by_the_proof()
    {
        _repository.UseHashes = false;
        Publish(0, 1);
        await RefusedAsync(TufErrorKind.ProofRefused);
    }

    [Fact]
    public async Task A_root_without_a_policy_is_not_enough()
    {
        using var plain = new SimulatedRepository();
        var client = new TufClient(plain, new MemoryStore(), plain.Time, TufLimits.Default, witnessed: true);
        Assert.Null(client.Initialize(plain.MetadataFiles["1.root.json"]));

        Assert.False((await client.RefreshAsync(Token)).TryGet(out _, out var error));
        Assert.Equal(TufErrorKind.NoWitnessPolicy, error.Kind);
    }

    [Fact]
    public async Task A_new_root_must_have_been_seen_by_the_witnesses_of_the_old_one()
    {
        using var successors = new SampleLog(witnesses: 1);
        Assert.True((await Client().RefreshAsync(Token)).IsSuccess);
        Assert.True(WitnessPolicy.TryCreate([_log.Signer.Key], [successors.Witnesses[0].Key], 1, out var next));
        _repository.Root = _repository.Root with { WitnessPolicy = next };
        _repository.PublishRoot();

        await RefusedAsync(TufErrorKind.ProofMissing);
        Assert.Equal(1, VersionOfStoredRoot());

        // The witnesses of the old policy have seen it: they hand over.
        Prove("root", _repository.Root.Version, 0, 1);
        await RefusedAsync(TufErrorKind.ProofRefused); // the timestamp is not proved to the new witness yet
        Assert.Equal(2, VersionOfStoredRoot());

        _repository.PublishAll();
        var head = _log.Append(LogEntry.OfMetadata(_repository.MetadataFiles["timestamp.json"]).ToBytes());
        var checkpoint = _log.Head();
        Assert.True(Note.TryParseSignatures(successors.Witnesses[0].Cosign(checkpoint, SampleLog.Now), out var cosigned));
        _repository.MetadataFiles[ProofName("timestamp", _repository.Timestamp.Version)] =
            LogProof.Of(head, _log.Prover.Inclusion(head, _log.Size), checkpoint.With(cosigned)).ToBytes();
        Assert.True((await Client().RefreshAsync(Token)).IsSuccess);
    }

    [Fact]
    public async Task A_new_root_that_would_do_without_witnesses_is_refused()
    {
        Assert.True((await Client().RefreshAsync(Token)).IsSuccess);
        _repository.Root = _repository.Root with { WitnessPolicy = null };
        _repository.PublishRoot();
        Prove("root", _repository.Root.Version, 0, 1);

        await RefusedAsync(TufErrorKind.NoWitnessPolicy);
        Assert.Equal(1, VersionOfStoredRoot());
    }

    private static string ProofName(string role, long version) => $"{version}.{role}.tlog-proof";

    private TufClient Client()
    {
        var client = new TufClient(_repository, _store, _repository.Time, TufLimits.Default, witnessed: true);
        if (!_store.Files.ContainsKey("root"))
        {
            Assert.Null(client.Initialize(_repository.MetadataFiles["1.root.json"]));
        }

        return client;
    }

    private long VersionOfStoredRoot()
    {
        Assert.True(Metadata.MetadataReader.TryReadRoot(_store.Files["root"], 100_000, out var root, out _));
        return root.Signed.Version;
    }

    private void Publish(params int[] cosigners)
    {
        _repository.PublishAll();
        Prove("timestamp", _repository.Timestamp.Version, cosigners);
    }

    private void Prove(string role, long version, params int[] cosigners)
    {
        var file = _repository.MetadataFiles[role == "timestamp" ? "timestamp.json" : SimulatedRepository.Name(version, role)];
        var index = _log.Append(LogEntry.OfMetadata(file).ToBytes());
        _repository.MetadataFiles[ProofName(role, version)] = _log.Prove(index, cosigners).ToBytes();
    }

    private async Task RefusedAsync(TufErrorKind kind)
    {
        Assert.False((await Client().RefreshAsync(Token)).TryGet(out _, out var error));
        Assert.Equal(kind, error.Kind);
    }
}
