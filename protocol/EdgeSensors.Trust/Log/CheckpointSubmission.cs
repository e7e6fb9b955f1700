using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EdgeSensors.Trust.Log;

/// <summary>The body of <c>add-checkpoint</c> (C2SP tlog-witness): the size that the witness is believed to have, a consistency proof, the checkpoint.</summary>
public sealed record CheckpointSubmission(long OldSize, IReadOnlyList<byte[]> Proof, Checkpoint Checkpoint)
{
    /// <summary>The most octets that are read as one.</summary>
    public const int MaxOctets = Checkpoint.MaxOctets + 8192;

    /// <summary>Reads one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> body, [NotNullWhen(true)] out CheckpointSubmission? submission)
    {
        submission = null;
        var end = body.IndexOf("\n\n"u8);
        if (body.Length > MaxOctets || end < 0)
        {
            return false;
        }

        var lines = Encoding.Latin1.GetString(body[..end]).Split('\n');
        if (!lines[0].StartsWith("old ", StringComparison.Ordinal) || !Checkpoint.TryParseNumber(lines[0].AsSpan(4), out var oldSize)
            || !LogProof.TryReadHashes(lines.AsSpan(1), out var proof) || !Checkpoint.TryParse(body[(end + 2)..], out var checkpoint, out _))
        {
            return false;
        }

        submission = new CheckpointSubmission(oldSize, proof, checkpoint);
        return true;
    }

    /// <summary>The body's octets.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        LogProof.AppendHashes(text, Proof);
        return [.. Encoding.ASCII.GetBytes(text.Append('\n').ToString()), .. Checkpoint.ToBytes()];
    }
}
