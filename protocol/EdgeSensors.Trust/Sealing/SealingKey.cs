using System.Diagnostics.CodeAnalysis;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Sealing;

/// <summary>A sensor's X25519 private key (RFC 7748), to which pseudonym keys are sealed. Its file holds the 32 raw octets in base64.</summary>
public sealed class SealingKey : IDisposable
{
    private SealingKey(Key key)
    {
        Key = key;
        PublicKey = new SealingPublicKey(key.PublicKey.Export(KeyBlobFormat.RawPublicKey));
    }

    /// <summary>Its public half.</summary>
    public SealingPublicKey PublicKey { get; }

    internal Key Key { get; }

    /// <summary>Makes a new key.</summary>
    public static SealingKey Create() =>
        new(Key.Create(KeyAgreementAlgorithm.X25519, new KeyCreationParameters { ExportPolicy = KeyExportPolicies.AllowPlaintextExport }));

    /// <summary>Reads the text of a key file; false when it is not base64 of 32 octets.</summary>
    public static bool TryParse(ReadOnlySpan<char> base64, [NotNullWhen(true)] out SealingKey? key)
    {
        key = null;
        var octets = new byte[Hpke.KeyLength];
        var text = base64.Trim();
        if (text.Length > 64 || !Convert.TryFromBase64Chars(text, octets, out var written) || written != octets.Length
            || !NSec.Cryptography.Key.TryImport(KeyAgreementAlgorithm.X25519, octets, KeyBlobFormat.RawPrivateKey, out var imported))
        {
            return false;
        }

        Array.Clear(octets);
        key = new SealingKey(imported!);
        return true;
    }

    /// <summary>The text of the key file: a secret, for the sensor's enrolment folder only.</summary>
    public string ExportSecretBase64() => Convert.ToBase64String(Key.Export(KeyBlobFormat.RawPrivateKey));

    /// <summary>Forgets the key.</summary>
    public void Dispose() => Key.Dispose();
}
