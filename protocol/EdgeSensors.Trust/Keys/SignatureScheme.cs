namespace EdgeSensors.Trust.Keys;

/// <summary>The signature schemes of TUF 1.0.34 §4.2 that we verify.</summary>
internal enum SignatureScheme
{
    /// <summary>A scheme that this version does not know: such a key verifies nothing.</summary>
    Unknown,

    /// <summary><c>ed25519</c> (RFC 8032), the only one we sign with.</summary>
    Ed25519,

    /// <summary><c>ecdsa-sha2-nistp256</c>, DER signatures.</summary>
    EcdsaSha2NistP256,

    /// <summary><c>rsassa-pss-sha256</c>, salt as long as the hash (RFC 8017 §9.1).</summary>
    RsaSsaPssSha256,
}
