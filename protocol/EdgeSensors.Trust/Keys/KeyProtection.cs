using NSec.Cryptography;

namespace EdgeSensors.Trust.Keys;

/// <summary>What it costs to try one passphrase on an encrypted key file (Argon2id, RFC 9106).</summary>
/// <param name="MemoryKiB">Memory, in KiB.</param>
/// <param name="Passes">Passes over that memory.</param>
public sealed record KeyProtection(int MemoryKiB, int Passes)
{
    internal const int MaxMemoryKiB = 1 << 20;
    internal const int MaxPasses = 16;

    /// <summary>64 MiB and 3 passes: RFC 9106 §4, second recommended option, on one lane.</summary>
    public static KeyProtection Default { get; } = new(65_536, 3);

    internal Argon2id Algorithm() => PasswordBasedKeyDerivationAlgorithm.Argon2id(
        new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = MemoryKiB, NumberOfPasses = Passes });
}
