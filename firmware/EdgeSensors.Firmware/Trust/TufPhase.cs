namespace EdgeSensors.Firmware.Trust;

/// <summary>Where an update stands.</summary>
internal enum TufPhase
{
    /// <summary>Nothing is under way; the last update was refused, or none was begun.</summary>
    Idle,

    /// <summary>A file is wanted: see <see cref="TufClient.WantedName"/>.</summary>
    Wanting,

    /// <summary>The file, a slice a step.</summary>
    Verifying,

    /// <summary>The proof of the file at hand is wanted, into <see cref="LogProofVerifier.Buffer"/>.</summary>
    WantingProof,

    /// <summary>The proof, a slice a step.</summary>
    Proving,

    /// <summary>It is verified and lies in the buffer, to be kept; the caller says when it is.</summary>
    Keeping,

    /// <summary>All metadata is verified and current.</summary>
    Done,
}
