namespace EdgeSensors.Firmware.Trust;

/// <summary>The stations of a verification.</summary>
internal enum Ed25519Phase
{
    /// <summary>The signature does not hold.</summary>
    Refused,

    /// <summary>The signature holds.</summary>
    Accepted,

    /// <summary>SHA-512 of R, the key and the message: one block a step.</summary>
    Hashing,

    /// <summary>The hash modulo L, and both scalars as sparse digits.</summary>
    Reducing,

    /// <summary>The key's x from its y: one square root.</summary>
    FindingPoint,

    /// <summary>Odd multiples of the key: one a step.</summary>
    Tabulating,

    /// <summary>S B - k A: one bit of both scalars a step.</summary>
    Multiplying,

    /// <summary>The sum's affine coordinates, to compare with R.</summary>
    Inverting,
}
