using System.Diagnostics.CodeAnalysis;
using System.Text;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using NSec.Cryptography;

namespace EdgeSensors.Trust.Sealing;

/// <summary>
/// Wraps an authorisation's pseudonym key to one sensor (HPKE, RFC 9180). The operator, the sensor and the authorisation's id are
/// bound in, so that a wrapped key moved into another authorisation does not open.
/// </summary>
public static class PseudonymKeyWrap
{
    /// <summary>Octets of a pseudonym key.</summary>
    public const int KeyLength = 32;

    private static ReadOnlySpan<byte> Info => "EdgeSensors pseudonym key v1"u8;

    /// <summary>Seals a key; throws <see cref="ArgumentException"/> when it has not 32 octets or the sensor's key is no X25519 public key.</summary>
    public static SealedPseudonymKey Seal(ReadOnlySpan<byte> pseudonymKey, SealingPublicKey sensorKey, OperatorId op, SensorId sensor, DocumentId authorization)
    {
        ArgumentNullException.ThrowIfNull(sensorKey);
        if (pseudonymKey.Length != KeyLength)
        {
            throw new ArgumentException($"A pseudonym key has {KeyLength} octets.", nameof(pseudonymKey));
        }

        return Hpke.TrySeal(sensorKey.Octets.Span, Info, Binding(op, sensor, authorization), pseudonymKey, out var enc, out var ciphertext)
            ? new SealedPseudonymKey(enc, ciphertext)
            : throw new ArgumentException("The sensor's X25519 public key is of low order: nothing can be sealed to it.", nameof(sensorKey));
    }

    /// <summary>The same with the ephemeral key's 32 octets given: for a field test's run that can be played again.</summary>
    internal static SealedPseudonymKey Seal(
        ReadOnlySpan<byte> ephemeralKey, ReadOnlySpan<byte> pseudonymKey, SealingPublicKey sensorKey, OperatorId op, SensorId sensor, DocumentId authorization)
    {
        using var ephemeral = Key.Import(KeyAgreementAlgorithm.X25519, ephemeralKey, KeyBlobFormat.RawPrivateKey);
        return Hpke.TrySeal(ephemeral, sensorKey.Octets.Span, Info, Binding(op, sensor, authorization), pseudonymKey, out var enc, out var ciphertext)
            ? new SealedPseudonymKey(enc, ciphertext)
            : throw new ArgumentException("The sensor's X25519 public key is of low order: nothing can be sealed to it.", nameof(sensorKey));
    }

    /// <summary>Opens the key of an authorisation with the sensor's private key; false when there is none, or it was sealed to another sensor or for another authorisation.</summary>
    public static bool TryOpen(CollectionAuthorization authorization, SealingKey sensorKey, [NotNullWhen(true)] out byte[]? pseudonymKey)
    {
        ArgumentNullException.ThrowIfNull(authorization);
        ArgumentNullException.ThrowIfNull(sensorKey);
        pseudonymKey = authorization.PseudonymKey is { } sealedKey
            ? Hpke.TryOpen(
                sensorKey.Key,
                sealedKey.Encapsulated.Span,
                Info,
                Binding(authorization.Operator, authorization.Sensor, authorization.Id),
                sealedKey.Ciphertext.Span)
            : null;
        return pseudonymKey is not null;
    }

    private static byte[] Binding(OperatorId op, SensorId sensor, DocumentId authorization) =>
        Encoding.ASCII.GetBytes($"{op.Text}/{sensor.Text}/{authorization.Text}");
}
