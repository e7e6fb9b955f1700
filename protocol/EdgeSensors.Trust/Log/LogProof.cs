using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EdgeSensors.Trust.Log;

/// <summary>That an entry was logged, and that witnesses saw it, in one file that is verified without the network (C2SP tlog-proof).</summary>
public sealed class LogProof
{
    /// <summary>The most octets that are read as one.</summary>
    public const int MaxOctets = Checkpoint.MaxOctets + 8192;

    private const string Header = "c2sp.org/tlog-proof@v1";

    private LogProof(long index, IReadOnlyList<byte[]> hashes, Checkpoint checkpoint)
    {
        Index = index;
        Hashes = hashes;
        Checkpoint = checkpoint;
    }

    /// <summary>The entry's place in the log, from 0.</summary>
    public long Index { get; }

    /// <summary>The checkpoint that covers it.</summary>
    public Checkpoint Checkpoint { get; }

    internal IReadOnlyList<byte[]> Hashes { get; }

    /// <summary>Puts one together.</summary>
    public static LogProof Of(long index, IReadOnlyList<byte[]> hashes, Checkpoint checkpoint) => new(index, hashes, checkpoint);

    /// <summary>Reads one. Extra data is skipped: nothing vouches for it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out LogProof? proof, [NotNullWhen(false)] out LogError? error)
    {
        proof = null;
        error = new LogError(LogFault.Malformed, "it is no proof of the transparency log");
        // The first empty line ends the proof's own part, which is ASCII; what follows is the checkpoint.
        var end = octets.IndexOf("\n\n"u8);
        if (octets.Length > MaxOctets || end < 0)
        {
            return false;
        }

        var lines = Encoding.Latin1.GetString(octets[..end]).Split('\n');
        var at = lines.Length > 1 && lines[1].StartsWith("extra ", StringComparison.Ordinal) ? 2 : 1;
        if (lines[0] != Header || at >= lines.Length || !lines[at].StartsWith("index ", StringComparison.Ordinal)
            || !Checkpoint.TryParseNumber(lines[at].AsSpan(6), out var index) || !TryReadHashes(lines.AsSpan(at + 1), out var hashes))
        {
            return false;
        }

        if (!Checkpoint.TryParse(octets[(end + 2)..], out var checkpoint, out error))
        {
            return false;
        }

        proof = new LogProof(index, hashes, checkpoint);
        return true;
    }

    /// <summary>The file's octets.</summary>
    public byte[] ToBytes()
    {
        var text = new StringBuilder(Header).Append('\n').Append(CultureInfo.InvariantCulture, $"index {Index}\n");
        AppendHashes(text, Hashes);
        return [.. Encoding.ASCII.GetBytes(text.Append('\n').ToString()), .. Checkpoint.ToBytes()];
    }

    internal static void AppendHashes(StringBuilder text, IReadOnlyList<byte[]> hashes)
    {
        foreach (var hash in hashes)
        {
            text.Append(Convert.ToBase64String(hash)).Append('\n');
        }
    }

    internal static bool TryReadHashes(ReadOnlySpan<string> lines, out List<byte[]> hashes)
    {
        hashes = [];
        foreach (var line in lines)
        {
            var hash = new byte[MerkleTree.HashLength + 1];
            if (hashes.Count == MerkleTree.MaxProofLength || !NoteKey.TryDecode(line, hash, out var length) || length != MerkleTree.HashLength)
            {
                return false;
            }

            hashes.Add(hash[..length]);
        }

        return true;
    }
}
