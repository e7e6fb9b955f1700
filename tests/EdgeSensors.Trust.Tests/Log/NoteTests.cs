using System.Text;
using CsCheck;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Trust.Tests.Log;

public sealed class NoteTests
{
    // C2SP signed-note, "Example".
    private const string SpecifiedKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    private const string SpecifiedNote =
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    // C2SP tlog-cosignature, the example before "Conventions".
    private const string SpecifiedCheckpoint =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        + "\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
        + "\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

    [Fact]
    public void The_specifications_note_is_signed_by_the_specifications_key()
    {
        Assert.True(NoteKey.TryParse(SpecifiedKey, out var key));
        Assert.Equal(SpecifiedKey, key.ToString());
        Assert.Equal((0x530d903au, NoteKeyKind.Ed25519, "example.com/foo"), (key.Id, key.Kind, key.Name));
        Assert.True(Note.TryParse(Encoding.UTF8.GetBytes(SpecifiedNote), out var note));
        var signature = Assert.Single(note.Signatures);
        Assert.True(signature.IsBy(key));
        Assert.True(key.Verify(Encoding.UTF8.GetBytes(note.Text), signature.Signature));
        Assert.Equal(SpecifiedNote, Encoding.UTF8.GetString(note.ToBytes()));
    }

    [Fact]
    public void The_specifications_checkpoint_is_read_and_its_cosignature_carries_its_time()
    {
        Assert.True(Checkpoint.TryParse(Encoding.UTF8.GetBytes(SpecifiedCheckpoint), out var checkpoint, out _));
        Assert.Equal(("example.com/behind-the-sofa", 20852163L), (checkpoint.Origin, checkpoint.Size));
        Assert.Equal("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=", Convert.ToBase64String(checkpoint.Root.Span));
        Assert.Equal(2, checkpoint.Signatures.Count);
        Assert.Equal(1679315147UL, System.Buffers.Binary.BinaryPrimitives.ReadUInt64BigEndian(checkpoint.Signatures[1].Signature));
        Assert.Equal("cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
            Encoding.UTF8.GetString(Checkpoint.CosignedMessage(checkpoint.Text, 1679315147)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    [InlineData("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k\n")]
    [InlineData("example com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")]
    public void What_is_no_key_is_refused(string text) => Assert.False(NoteKey.TryParse(text, out _));

    [Theory]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("a\n01\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("a\n+1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("a\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\next\n\n\u2014 a AAAAAAA=\n")]
    [InlineData("a\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n- a AAAAAAA=\n")]
    [InlineData("a\r\n1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\u2014 a AAAAAAA=\n")]
    public void What_is_no_checkpoint_is_refused(string text)
    {
        Assert.False(Checkpoint.TryParse(Encoding.UTF8.GetBytes(text), out _, out var error));
        Assert.Equal(LogFault.Malformed, error.Fault);
    }

    [Fact]
    public void Any_bytes_give_a_value_or_a_typed_error()
    {
        using var log = new SampleLog(2).Fill(5);
        var proof = log.Prove(3, 0, 1).ToBytes();
        var submission = new CheckpointSubmission(3, log.Prover.Consistency(3, 5), log.Head()).ToBytes();
        Mutation.Of(proof, submission, log.Head(0).ToBytes(), Encoding.UTF8.GetBytes(SpecifiedNote), new LogEntry(LogEntryKind.Grant, new string('a', 64)).ToBytes()).Sample(
            bytes =>
            {
                _ = NoteKey.TryParse(Encoding.UTF8.GetString(bytes), out _);
                return LogProof.TryParse(bytes, out var read, out var e1) != (e1 is not null)
                    && Checkpoint.TryParse(bytes, out var head, out var e2) != (e2 is not null)
                    && CheckpointSubmission.TryParse(bytes, out var sent) == (sent is not null)
                    && LogEntry.TryParse(bytes, out var entry) == (entry is not null)
                    // What is read is written as it was, but for a proof's extra data and the padding bits of base64.
                    && (read is null || LogProof.TryParse(read.ToBytes(), out _, out _))
                    && (head is null || Checkpoint.TryParse(head.ToBytes(), out _, out _));
            },
            iter: Fuzzing.Iterations(20_000));
    }
}
