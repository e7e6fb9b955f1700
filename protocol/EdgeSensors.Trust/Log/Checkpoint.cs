using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace EdgeSensors.Trust.Log;

/// <summary>A log's signed tree head (C2SP tlog-checkpoint): origin, size and root hash, with the signatures that came along, not yet verified.</summary>
public sealed class Checkpoint
{
    /// <summary>The most octets that are read as one.</summary>
    public const int MaxOctets = 64 * 1024;

    private readonly Note _note;

    private Checkpoint(Note note, string origin, long size, byte[] root)
    {
        _note = note;
        Origin = origin;
        Size = size;
        Root = root;
    }

    /// <summary>Which log.</summary>
    public string Origin { get; }

    /// <summary>Entries in the tree.</summary>
    public long Size { get; }

    /// <summary>The Merkle tree hash (RFC 6962 §2.1) over them, 32 octets.</summary>
    public ReadOnlyMemory<byte> Root { get; }

    internal string Text => _note.Text;

    internal IReadOnlyList<NoteSignature> Signatures => _note.Signatures;

    /// <summary>Reads one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out Checkpoint? checkpoint, [NotNullWhen(false)] out LogError? error)
    {
        checkpoint = null;
        error = new LogError(LogFault.Malformed, "it is no checkpoint");
        if (octets.Length > MaxOctets || !Note.TryParse(octets, out var note))
        {
            return false;
        }

        // Extension lines may follow; an empty line may not.
        var root = new byte[MerkleTree.HashLength + 1];
        if (note.Text[..^1].Split('\n') is not [{ Length: > 0 } origin, var sizeText, var rootText, .. var extensions] || extensions.Contains("")
            || !TryParseNumber(sizeText, out var size) || !NoteKey.TryDecode(rootText, root, out var length) || length != MerkleTree.HashLength)
        {
            return false;
        }

        checkpoint = new Checkpoint(note, origin, size, root[..length]);
        error = null;
        return true;
    }

    /// <summary>Makes and signs one.</summary>
    public static Checkpoint Sign(NoteSigner log, long size, ReadOnlySpan<byte> root)
    {
        ArgumentNullException.ThrowIfNull(log);
        var text = string.Create(CultureInfo.InvariantCulture, $"{log.Key.Name}\n{size}\n{Convert.ToBase64String(root)}\n");
        return new Checkpoint(new Note(text, [log.Sign(text)]), log.Key.Name, size, root.ToArray());
    }

    /// <summary>The same tree head with more signature lines.</summary>
    internal Checkpoint With(IEnumerable<NoteSignature> cosignatures) =>
        new(_note with { Signatures = [.. _note.Signatures, .. cosignatures] }, Origin, Size, Root.ToArray());

    /// <summary>The same tree head with the cosignatures among some lines that verify under keys of witnesses, each key once; other lines are left out.</summary>
    public Checkpoint WithCosignatures(string lines, IEnumerable<NoteKey> witnesses)
    {
        ArgumentNullException.ThrowIfNull(witnesses);
        if (!Note.TryParseSignatures(lines, out var signatures))
        {
            return this;
        }

        var added = witnesses.Distinct()
            .Where(witness => CosignedBy(witness) is null)
            .Select(witness => signatures.Find(signature => signature.IsBy(witness) && With([signature]).CosignedBy(witness) is not null))
            .OfType<NoteSignature>();
        return With([.. added]);
    }

    /// <summary>The note's octets.</summary>
    public byte[] ToBytes() => _note.ToBytes();

    /// <summary>
    /// Whether a log's key signed it: at least one good signature and none of this key that is bad, so that a note that was tampered with is not read as half good.
    /// </summary>
    public bool IsSignedBy(NoteKey log)
    {
        ArgumentNullException.ThrowIfNull(log);
        var text = Encoding.UTF8.GetBytes(Text);
        var own = Signatures.Where(signature => signature.IsBy(log)).ToList();
        return own.Count > 0 && own.TrueForAll(signature => log.Verify(text, signature.Signature));
    }

    /// <summary>The time at which a witness cosigned it, in Unix seconds; null when it did not.</summary>
    public long? CosignedBy(NoteKey witness)
    {
        ArgumentNullException.ThrowIfNull(witness);
        long? newest = null;
        foreach (var signature in Signatures.Where(signature => signature.IsBy(witness) && signature.Signature.Length == 8 + 64))
        {
            var time = BinaryPrimitives.ReadUInt64BigEndian(signature.Signature);
            if (time is > 0 and <= long.MaxValue && witness.Verify(CosignedMessage(Text, (long)time), signature.Signature.AsSpan(8)))
            {
                newest = Math.Max(newest ?? 0, (long)time);
            }
        }

        return newest;
    }

    /// <summary>What a cosignature signs (C2SP tlog-cosignature, Ed25519 signed message).</summary>
    internal static byte[] CosignedMessage(string text, long time) => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {time}\n{text}"));

    /// <summary>Reads decimal digits without leading zeros, up to 2^63 - 1.</summary>
    internal static bool TryParseNumber(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && (text.Length == 1 || text[0] != '0');
}
