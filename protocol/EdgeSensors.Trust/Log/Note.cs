using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace EdgeSensors.Trust.Log;

/// <summary>One signature line of a note.</summary>
/// <param name="Name">The key's name.</param>
/// <param name="KeyId">The key's id.</param>
/// <param name="Signature">What follows the id.</param>
internal sealed record NoteSignature(string Name, uint KeyId, byte[] Signature)
{
    public override string ToString()
    {
        var octets = new byte[4 + Signature.Length];
        BinaryPrimitives.WriteUInt32BigEndian(octets, KeyId);
        Signature.CopyTo(octets, 4);
        return $"{Note.Dash}{Name} {Convert.ToBase64String(octets)}\n";
    }

    public bool IsBy(NoteKey key) => KeyId == key.Id && Name == key.Name;
}

/// <summary>A text with signatures (C2SP signed-note), parsed and not yet verified.</summary>
internal sealed record Note(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    public const string Dash = "\u2014 ";

    /// <summary>More than a log, its successor and all witnesses of a policy sign.</summary>
    public const int MaxSignatures = 64;

    private const int MaxSignatureLength = 8192;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out Note? note)
    {
        note = null;
        string all;
        try
        {
            all = Strict.GetString(octets);
        }
        catch (DecoderFallbackException)
        {
            return false;
        }

        // The last empty line parts the text from the signatures.
        var end = all.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0 || !all.EndsWith('\n') || all.Any(c => c < ' ' && c != '\n') || !TryParseSignatures(all.AsSpan(end + 2), out var signatures) || signatures.Count == 0)
        {
            return false;
        }

        note = new Note(all[..(end + 1)], signatures);
        return true;
    }

    /// <summary>Reads signature lines alone, as a witness answers them.</summary>
    public static bool TryParseSignatures(ReadOnlySpan<char> lines, out List<NoteSignature> signatures)
    {
        signatures = [];
        while (lines.Length > 0)
        {
            var end = lines.IndexOf('\n');
            if (end < 0 || signatures.Count == MaxSignatures || !TryParseLine(lines[..end], out var signature))
            {
                return false;
            }

            signatures.Add(signature);
            lines = lines[(end + 1)..];
        }

        return true;
    }

    public byte[] ToBytes() => Encoding.UTF8.GetBytes($"{Text}\n{string.Concat(Signatures)}");

    private static bool TryParseLine(ReadOnlySpan<char> line, [NotNullWhen(true)] out NoteSignature? signature)
    {
        signature = null;
        if (!line.StartsWith(Dash) || line.Length > MaxSignatureLength)
        {
            return false;
        }

        line = line[Dash.Length..];
        var space = line.IndexOf(' ');
        if (space < 0 || !NoteKey.IsName(line[..space].ToString()))
        {
            return false;
        }

        var octets = new byte[line.Length];
        if (!NoteKey.TryDecode(line[(space + 1)..], octets, out var length) || length <= 4)
        {
            return false;
        }

        signature = new NoteSignature(line[..space].ToString(), BinaryPrimitives.ReadUInt32BigEndian(octets), octets[4..length]);
        return true;
    }
}
