using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Sealing;

/// <summary>The public half of a <see cref="SealingKey"/>: 32 octets (RFC 7748 §5).</summary>
public sealed class SealingPublicKey
{
    internal SealingPublicKey(byte[] octets) => Octets = octets;

    /// <summary>The 32 octets.</summary>
    public ReadOnlyMemory<byte> Octets { get; }

    /// <summary>Reads base64 of 32 octets; false on anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? base64, [NotNullWhen(true)] out SealingPublicKey? key)
    {
        var octets = new byte[Hpke.KeyLength];
        key = base64 is { Length: <= 64 } && Convert.TryFromBase64String(base64.Trim(), octets, out var written) && written == octets.Length
            ? new SealingPublicKey(octets)
            : null;
        return key is not null;
    }

    /// <summary>Base64 of the octets.</summary>
    public override string ToString() => Convert.ToBase64String(Octets.Span);
}
