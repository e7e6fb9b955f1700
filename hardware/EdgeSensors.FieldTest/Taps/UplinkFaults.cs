namespace EdgeSensors.FieldTest.Taps;

/// <summary>What is wrong between a tap and its hub, until when (nanoseconds since the start), and what came of it.</summary>
internal sealed class UplinkFaults
{
    /// <summary>No connection comes about.</summary>
    public long AwayUntil { get; set; }

    /// <summary>The hub's name is not found.</summary>
    public long NoNameUntil { get; set; }

    /// <summary>Handshakes fail.</summary>
    public long TlsFailsUntil { get; set; }

    /// <summary>Handshakes take <see cref="TlsNs"/>.</summary>
    public long TlsSlowUntil { get; set; }

    /// <summary>How long a slow one takes.</summary>
    public long TlsNs { get; set; }

    /// <summary>The hub commits and does not say so.</summary>
    public long NoAckUntil { get; set; }

    /// <summary>Messages come twice, <see cref="DuplicateShare"/> of them.</summary>
    public long DuplicatesUntil { get; set; }

    /// <summary>How many.</summary>
    public double DuplicateShare { get; set; }

    /// <summary>Messages are overtaken, <see cref="ReorderShare"/> of them.</summary>
    public long ReordersUntil { get; set; }

    /// <summary>How many.</summary>
    public double ReorderShare { get; set; }

    /// <summary>Updates are altered as <see cref="Tampering"/> says.</summary>
    public long TamperedUntil { get; set; }

    /// <summary>How they are.</summary>
    public Tampering? Tampering { get; set; }

    /// <summary>Connections that ended by a fault, or did not come about because the hub was away.</summary>
    public long Broken { get; set; }

    /// <summary>Names that were not found.</summary>
    public long NamesNotFound { get; set; }

    /// <summary>Handshakes that failed.</summary>
    public long HandshakesFailed { get; set; }

    /// <summary>Handshakes that were slow.</summary>
    public long HandshakesSlowed { get; set; }

    /// <summary>Acknowledgements that the hub kept to itself.</summary>
    public long Unacknowledged { get; set; }

    /// <summary>Messages that came again.</summary>
    public long Duplicated { get; set; }

    /// <summary>Messages that came after one that was sent later.</summary>
    public long Overtaken { get; set; }

    /// <summary>Files, or parts of them, that were sent altered.</summary>
    public long Altered { get; set; }
}
