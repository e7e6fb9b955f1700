using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

public sealed class WitnessPolicyTests
{
    private static readonly LogEntry Entry = LogEntry.OfMetadata("a file"u8);

    [Fact]
    public void A_logged_and_witnessed_entry_is_accepted()
    {
        using var log = new SampleLog(3).Fill(10);
        var index = log.Append(Entry.ToBytes());
        log.Fill(20);

        Assert.True(LogProof.TryParse(log.Prove(index, 0, 2).ToBytes(), out var proof, out _));
        Assert.True(log.Policy(quorum: 2).TryVerify(Entry, proof, out var witnessed, out var error), error?.ToString());
        Assert.Equal(["oversight.example/w1", "oversight.example/w3"], witnessed.Witnesses.Order());
        Assert.Equal(SampleLog.Now, witnessed.Time);
    }

    [Fact]
    public void Too_few_cosignatures_are_refused()
    {
        using var log = new SampleLog(3);
        var index = log.Append(Entry.ToBytes());

        Refused(log.Policy(1), log.Prove(index), LogFault.QuorumUnmet);
        Refused(log.Policy(2), log.Prove(index, 1), LogFault.QuorumUnmet);
        Refused(log.Policy(2), log.Prove(index, 1, 1), LogFault.QuorumUnmet);
    }

    [Fact]
    public void A_proof_of_another_entry_is_refused()
    {
        using var log = new SampleLog().Fill(10);
        Refused(log.Policy(1), log.Prove(4, 0), LogFault.NotIncluded);
    }

    [Fact]
    public void A_checkpoint_of_another_log_or_key_is_refused()
    {
        using var log = new SampleLog();
        using var other = new SampleLog();
        var index = other.Append(Entry.ToBytes());

        // The other has the same origin, and another key.
        Refused(log.Policy(1), other.Prove(index, 0), LogFault.UnknownLog);
    }

    [Fact]
    public void A_changed_checkpoint_is_refused()
    {
        using var log = new SampleLog().Fill(3);
        log.Append(Entry.ToBytes());
        var text = System.Text.Encoding.UTF8.GetString(log.Prove(3, 0).ToBytes()).Replace("\n4\n", "\n5\n", StringComparison.Ordinal);

        Assert.True(LogProof.TryParse(System.Text.Encoding.UTF8.GetBytes(text), out var changed, out _));
        Refused(log.Policy(1), changed, LogFault.BadSignature);
    }

    [Fact]
    public void The_time_is_that_which_a_quorum_vouches_for()
    {
        using var log = new SampleLog(2);
        var index = log.Append(Entry.ToBytes());
        var head = log.Head();
        var lines = log.Witnesses[0].Cosign(head, SampleLog.Now.AddYears(500)) + log.Witnesses[1].Cosign(head, SampleLog.Now);
        Assert.True(Note.TryParseSignatures(lines, out var signatures));
        var proof = LogProof.Of(index, log.Prover.Inclusion(index, log.Size), head.With(signatures));

        Assert.True(log.Policy(2).TryVerify(Entry, proof, out var witnessed, out _));
        Assert.Equal(SampleLog.Now, witnessed.Time);
    }

    [Fact]
    public void A_policy_that_would_ask_for_nobody_or_count_a_key_twice_is_none()
    {
        using var log = new SampleLog(1);
        var witness = log.Witnesses[0].Key;
        Assert.True(NoteKey.TryCreate("another/name", NoteKeyKind.Cosignature, witness.Public, out var alias));

        Assert.False(WitnessPolicy.TryCreate([log.Signer.Key], [witness], 0, out _));
        Assert.False(WitnessPolicy.TryCreate([log.Signer.Key], [witness], 2, out _));
        Assert.False(WitnessPolicy.TryCreate([log.Signer.Key], [], 0, out _));
        Assert.False(WitnessPolicy.TryCreate([log.Signer.Key], [witness, alias], 2, out _));
        Assert.False(WitnessPolicy.TryCreate([witness], [witness], 1, out _));
        Assert.False(WitnessPolicy.TryCreate([log.Signer.Key], [log.Signer.Key], 1, out _));
    }

    private static void Refused(WitnessPolicy policy, LogProof proof, LogFault fault)
    {
        Assert.False(policy.TryVerify(Entry, proof, out _, out var error));
        Assert.Equal(fault, error.Fault);
    }
}
