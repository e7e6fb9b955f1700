namespace EdgeSensors.Firmware.Trust;

/// <summary>The words for <see cref="TufFault"/>.</summary>
internal static class TufFaults
{
    private static readonly string[] Words =
    {
        "none", "tuf-no-trusted-root", "tuf-not-found", "tuf-too-large", "tuf-malformed", "tuf-wrong-type", "tuf-unsupported-spec-version",
        "tuf-key-id-mismatch", "tuf-duplicate-signature", "tuf-threshold-unmet", "tuf-wrong-version", "tuf-rollback", "tuf-expired",
        "tuf-hash-mismatch", "tuf-not-in-snapshot", "tuf-too-many-delegations", "document-malformed", "tuf-store", "tuf-unreachable", "tuf-no-witness-policy",
        "tuf-proof-missing", "tuf-proof-refused",
    };

    /// <summary>The token of a receipt.</summary>
    public static string Token(TufFault fault)
    {
        return Words[(int)fault];
    }
}
