using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.Trust.Log;

/// <summary>What an entry stands for; the log says no more of it than this and a hash.</summary>
public enum LogEntryKind
{
    /// <summary>A version of TUF metadata, <c>metadata</c>. Its preimage is the file.</summary>
    Metadata,

    /// <summary>A grant, <c>grant</c>.</summary>
    Grant,

    /// <summary>A collection authorisation, <c>authorization</c>.</summary>
    Authorization,

    /// <summary>Another signed target, <c>document</c>: rules, lists, firmware.</summary>
    Document,

    /// <summary>A decision and who took it, <c>decision</c>: proposed, approved, revoked.</summary>
    Decision,

    /// <summary>Data that was destroyed when its time was over, <c>disposal</c>.</summary>
    Disposal,
}

/// <summary>
/// An entry of the log: one line, <c>edgesensors/1 KIND HASH</c> and a newline, where the hash is the SHA-256 of the preimage in lower-case hex. All preimages but
/// metadata begin with 32 random octets, so that nobody finds out by guessing what a hash stands for.
/// </summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Sha256">The preimage's hash, lower-case hex.</param>
public sealed record LogEntry(LogEntryKind Kind, string Sha256)
{
    /// <summary>Octets of salt before the preimages of all kinds but metadata.</summary>
    public const int SaltLength = 32;

    private const string Head = "edgesensors/1 ";

    private static readonly string[] Words = ["metadata", "grant", "authorization", "document", "decision", "disposal"];

    /// <summary>The entry of a metadata file.</summary>
    public static LogEntry OfMetadata(ReadOnlySpan<byte> file) => Of(LogEntryKind.Metadata, file);

    /// <summary>The entry of a preimage, which is salted already where its kind is.</summary>
    public static LogEntry Of(LogEntryKind kind, ReadOnlySpan<byte> preimage) => new(kind, Convert.ToHexStringLower(SHA256.HashData(preimage)));

    /// <summary>Salts what is to be logged: salt, a line that names it, then its octets.</summary>
    public static byte[] Salted(string name, ReadOnlySpan<byte> octets) => [.. RandomNumberGenerator.GetBytes(SaltLength), .. Encoding.UTF8.GetBytes(name), (byte)'\n', .. octets];

    /// <summary>Reads one.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out LogEntry? entry)
    {
        entry = null;
        if (octets.Length > 128 || Encoding.Latin1.GetString(octets) is not { } text || !text.StartsWith(Head, StringComparison.Ordinal) || !text.EndsWith('\n')
            || text[Head.Length..^1].Split(' ') is not [var word, { Length: 64 } hash] || Array.IndexOf(Words, word) is not (>= 0 and var kind)
            || hash.Any(c => !char.IsAsciiHexDigitLower(c)))
        {
            return false;
        }

        entry = new LogEntry((LogEntryKind)kind, hash);
        return true;
    }

    /// <summary>The entry's octets.</summary>
    public byte[] ToBytes() => Encoding.ASCII.GetBytes($"{Head}{Word(Kind)} {Sha256}\n");

    /// <summary>The entry's Merkle leaf hash.</summary>
    public byte[] LeafHash() => MerkleTree.LeafHash(ToBytes());

    /// <summary>The kind as entries write it.</summary>
    public static string Word(LogEntryKind kind) => Words[(int)kind];
}
