namespace EdgeSensors.Metering.Flows;

/// <summary>How far a conversation got, as the headers of the record's own packets show it. The first that holds, in the order in which they stand here after <see cref="Unknown"/>.</summary>
public enum FlowOutcome : byte
{
    /// <summary>Not to be said: a protocol without answers, or a TCP connection of which the beginning was not seen and nothing ended it.</summary>
    Unknown = 0,

    /// <summary>The responder, or an ICMP error about a packet of the initiator, refused: TCP RST before the handshake was complete, or destination unreachable and its kin.</summary>
    Refused = 1,

    /// <summary>TCP: the responder reset a connection that stood.</summary>
    ResetByResponder = 2,

    /// <summary>TCP: the initiator reset a connection that stood, or gave it up by RST before it did.</summary>
    ResetByInitiator = 3,

    /// <summary>TCP: FIN from both sides.</summary>
    Closed = 4,

    /// <summary>TCP: FIN from one side only.</summary>
    HalfClosed = 5,

    /// <summary>TCP: the handshake was completed and nothing has ended it; others: packets went both ways.</summary>
    Established = 6,

    /// <summary>TCP: the SYN was answered by SYN and ACK, which the initiator did not acknowledge.</summary>
    HalfOpen = 7,

    /// <summary>Packets of the initiator only, and none that refused them. Of TCP: a SYN without an answer.</summary>
    Attempted = 8,
}
