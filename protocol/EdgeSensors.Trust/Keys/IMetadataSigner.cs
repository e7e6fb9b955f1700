namespace EdgeSensors.Trust.Keys;

/// <summary>
/// A private key that can be made to sign TUF metadata, wherever it lies: in memory once its file was opened (<see cref="SigningKey"/>), or in a device that never gives it out.
/// This is all that signing asks of a key, so that a token behind PKCS #11 needs one more class and no other change; ECDSA P-256 is verified as well as Ed25519, except by taps.
/// </summary>
public interface IMetadataSigner : IDisposable
{
    /// <summary>The public half, whose id metadata names.</summary>
    TufKey PublicKey { get; }

    /// <summary>Signs in the key's own scheme; throws <see cref="IOException"/> when a device that holds the key does not answer.</summary>
    byte[] Sign(ReadOnlySpan<byte> data);
}
