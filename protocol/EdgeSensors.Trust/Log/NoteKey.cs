using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Trust.Keys;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Log;

/// <summary>What a note key signs (C2SP signed-note, signature types).</summary>
public enum NoteKeyKind
{
    /// <summary>Type 0x01: Ed25519 over the note's text. A log's key.</summary>
    Ed25519 = 1,

    /// <summary>Type 0x04: timestamped Ed25519 cosignatures of checkpoints (C2SP tlog-cosignature). A witness's key.</summary>
    Cosignature = 4,
}

/// <summary>A public key that verifies notes, written <c>name+id+key</c> (C2SP signed-note, verifier keys).</summary>
public sealed class NoteKey : IEquatable<NoteKey>
{
    private const int MaxNameLength = 200;
    private const int PublicLength = 32;

    private readonly PublicKey _key;
    private readonly byte[] _public;

    private NoteKey(string name, NoteKeyKind kind, byte[] publicKey, PublicKey key)
    {
        Name = name;
        Kind = kind;
        _public = publicKey;
        _key = key;
        Id = IdOf(name, kind, publicKey);
    }

    /// <summary>Who signs: a schema-less URL such as <c>oversight.example/w1</c>.</summary>
    public string Name { get; }

    /// <summary>What it signs.</summary>
    public NoteKeyKind Kind { get; }

    /// <summary>The first four octets, big-endian, of SHA-256 over name, newline, type and public key.</summary>
    public uint Id { get; }

    /// <summary>The id that TUF gives the same key: what key files name it by.</summary>
    public string KeyId => TufKey.Ed25519(_public).Id;

    internal ReadOnlySpan<byte> Public => _public;

    /// <summary>Reads <c>name+id+key</c>; false when it is no key of the two kinds, or its id is not its own.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out NoteKey? key)
    {
        key = null;
        // A name has no plus; the base64 after it may.
        if (text is null || text.Length > MaxNameLength + 100 || text.Split('+', 3) is not [var name, { Length: 8 } id, var encoded])
        {
            return false;
        }

        var octets = new byte[100];
        if (!uint.TryParse(id, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) || !TryDecode(encoded, octets, out var length)
            || length != 1 + PublicLength || octets[0] is not ((byte)NoteKeyKind.Ed25519 or (byte)NoteKeyKind.Cosignature)
            || !TryCreate(name, (NoteKeyKind)octets[0], octets.AsSpan(1, PublicLength), out var read) || read.Id != number)
        {
            return false;
        }

        key = read;
        return true;
    }

    /// <summary>Makes a key; false when the name cannot stand in a note or the octets are no Ed25519 key.</summary>
    public static bool TryCreate(string name, NoteKeyKind kind, ReadOnlySpan<byte> publicKey, [NotNullWhen(true)] out NoteKey? key)
    {
        key = IsName(name) && publicKey.Length == PublicLength && PublicKey.TryImport(SignatureAlgorithm.Ed25519, publicKey, KeyBlobFormat.RawPublicKey, out var imported)
            ? new NoteKey(name, kind, publicKey.ToArray(), imported!)
            : null;
        return key is not null;
    }

    /// <summary>Whether a text can be a key's name: not empty, no spaces, plus or control characters, at most 200 characters.</summary>
    public static bool IsName([NotNullWhen(true)] string? name) =>
        name is { Length: > 0 and <= MaxNameLength } && !name.Any(c => c == '+' || char.IsWhiteSpace(c) || char.IsControl(c) || char.IsSurrogate(c));

    /// <inheritdoc/>
    public bool Equals(NoteKey? other) => other is not null && Name == other.Name && Kind == other.Kind && _public.AsSpan().SequenceEqual(other._public);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as NoteKey);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Name, Id);

    /// <summary>The key as <see cref="TryParse"/> reads it.</summary>
    public override string ToString() => $"{Name}+{Id:x8}+{Convert.ToBase64String([(byte)Kind, .. _public])}";

    internal bool Verify(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
        signature.Length == SignatureAlgorithm.Ed25519.SignatureSize && SignatureAlgorithm.Ed25519.Verify(_key, message, signature);

    /// <summary>Reads padded base64 without white space, which .NET alone would skip; false when it does not fit.</summary>
    internal static bool TryDecode(ReadOnlySpan<char> text, Span<byte> octets, out int length)
    {
        length = 0;
        return !text.ContainsAny(" \t\r\n") && Convert.TryFromBase64Chars(text, octets, out length);
    }

    private static uint IdOf(string name, NoteKeyKind kind, byte[] publicKey) =>
        BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData([.. Encoding.UTF8.GetBytes(name), (byte)'\n', (byte)kind, .. publicKey]));
}
