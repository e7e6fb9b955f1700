using EdgeSensors.FieldTest.Taps;
using EdgeSensors.Firmware.Trust;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>Wall 4 on the tap: what was not logged, or not seen by enough witnesses, is not trusted.</summary>
public sealed class WitnessedUpdateTests : IDisposable
{
    private readonly UpdatedRepository _repository = new();
    private readonly WitnessedLog _log = new(NoteSigner.Create, witnesses: 3);
    private readonly byte[] _root;

    public WitnessedUpdateTests()
    {
        _repository.Foundation.Publish(new RepositoryChange().SetWitnessPolicy(_log.Policy(quorum: 2)), _repository.Keys);
        _root = _repository.Files()["3.root.json"];
    }

    public void Dispose()
    {
        _log.Dispose();
        _repository.Dispose();
    }

    [Fact]
    public void A_logged_and_witnessed_timestamp_is_trusted_and_says_the_time_that_a_quorum_vouches_for()
    {
        TapClient client = Anchored();
        Assert.Equal(TufFault.None, client.Update(With(Proof(0, 1, 2)), _repository.NowMs));
        Assert.Equal(_repository.Foundation.Time.GetUtcNow().ToUnixTimeSeconds() + 1, client.Tuf.WitnessedMs / 1_000);
        Assert.Equal("oversight.example/w3", client.Tuf.Witness);

        // Nothing new: no proof is asked for again.
        client.Asked.Clear();
        Assert.Equal(TufFault.None, client.Update(With(null), _repository.NowMs));
        Assert.Equal(["4.root.json", "timestamp.json"], client.Asked);
    }

    [Fact]
    public void Without_a_proof_or_with_too_few_witnesses_or_with_another_versions_proof_it_is_refused()
    {
        Assert.Equal(TufFault.ProofMissing, Anchored().Update(With(null), _repository.NowMs));
        Assert.Equal(TufFault.ProofRefused, Anchored().Update(With(Proof(1)), _repository.NowMs));
        Assert.Equal(TufFault.ProofRefused, Anchored().Update(With(_log.Prove(new byte[9], _repository.Foundation.Time.GetUtcNow(), 0, 1)), _repository.NowMs));
        using WitnessedLog other = new(NoteSigner.Create, witnesses: 3);
        Assert.Equal(
            TufFault.ProofRefused,
            Anchored().Update(With(other.Prove(_repository.Files()["timestamp.json"], _repository.Foundation.Time.GetUtcNow(), 0, 1)), _repository.NowMs));
    }

    [Fact]
    public void A_root_that_names_no_witnesses_is_refused_where_they_are_needed()
    {
        TapClient client = new(witnessed: true);
        Assert.Equal(TufFault.None, client.Anchor(_repository.After["2.root.json"]));
        Assert.Equal(TufFault.NoWitnessPolicy, client.Update(_repository.After, _repository.NowMs));
    }

    [Fact]
    public void A_new_root_must_have_been_seen_by_the_witnesses_of_the_old_one()
    {
        using WitnessedLog next = new(NoteSigner.Create, witnesses: 1);
        _repository.Foundation.Publish(new RepositoryChange().SetWitnessPolicy(next.Policy(quorum: 1)), _repository.Keys);
        Dictionary<string, byte[]> files = _repository.Files();
        byte[] root = files["4.root.json"], timestamp = files["timestamp.json"];
        string proof = $"{Version(timestamp)}.timestamp.tlog-proof";
        files[proof] = next.Prove(timestamp, _repository.Foundation.Time.GetUtcNow(), 0);
        Assert.Equal(TufFault.ProofMissing, Anchored().Update(files, _repository.NowMs));
        files["4.root.tlog-proof"] = next.Prove(root, _repository.Foundation.Time.GetUtcNow(), 0);
        Assert.Equal(TufFault.ProofRefused, Anchored().Update(files, _repository.NowMs));
        files["4.root.tlog-proof"] = _log.Prove(root, _repository.Foundation.Time.GetUtcNow(), 0, 2);
        Assert.Equal(TufFault.None, Anchored().Update(files, _repository.NowMs));
        files[proof] = _log.Prove(timestamp, _repository.Foundation.Time.GetUtcNow(), 0, 1);
        Assert.Equal(TufFault.ProofRefused, Anchored().Update(files, _repository.NowMs));
    }

    [Fact]
    public void Every_octet_of_a_proof_altered_is_refused_and_any_octets_give_a_verdict()
    {
        byte[] proof = Proof(0, 2);
        TapClient client = Anchored();
        string trusted = "";
        for (int at = 0; at < proof.Length; at++)
        {
            byte[] wrong = [.. proof];
            wrong[at] ^= (byte)(at % 3 == 0 ? 0x20 : 1);
            Assert.NotEqual(TufFault.None, client.Update(With(wrong), _repository.NowMs));
            Assert.True(trusted.Length == 0 || trusted == client.Trusted());
            trusted = client.Trusted();
        }

        Random random = new(2);
        for (int i = 0; i < 300; i++)
        {
            byte[] some = random.Next(2) == 0 ? [.. proof.AsSpan(0, random.Next(proof.Length))] : [.. proof, (byte)random.Next(256), .. proof.AsSpan(random.Next(proof.Length))];
            Assert.NotEqual(TufFault.None, client.Update(With(some), _repository.NowMs));
        }

        Assert.Equal(TufFault.None, client.Update(With(proof), _repository.NowMs));
    }

    private static long Version(byte[] timestamp) => System.Text.Json.JsonDocument.Parse(timestamp).RootElement.GetProperty("signed").GetProperty("version").GetInt64();

    private TapClient Anchored()
    {
        TapClient client = new(witnessed: true);
        Assert.Equal(TufFault.None, client.Anchor(_root));
        return client;
    }

    private byte[] Proof(params int[] cosigners) => _log.Prove(_repository.Files()["timestamp.json"], _repository.Foundation.Time.GetUtcNow(), cosigners);

    private Dictionary<string, byte[]> With(byte[]? proof)
    {
        Dictionary<string, byte[]> files = _repository.Files();
        if (proof is not null)
        {
            files[$"{Version(files["timestamp.json"])}.timestamp.tlog-proof"] = proof;
        }

        return files;
    }
}
