namespace EdgeSensors.Metering.Capture;

/// <summary>What a read from a packet source brought.</summary>
public enum PacketRead
{
    /// <summary>A packet.</summary>
    Packet,

    /// <summary>Nothing for now: a live source's waiting time passed. A file never says this.</summary>
    Idle,

    /// <summary>No packet will follow: the end of the file, or its first unreadable record.</summary>
    End,
}
