namespace EdgeSensors.Firmware.Decode;

/// <summary>What became of a frame.</summary>
internal enum FrameStatus
{
    /// <summary>An IP packet, read to the end of its headers.</summary>
    Ok,

    /// <summary>Well formed and not IP.</summary>
    NotIp,

    /// <summary>Cut or malformed; metered with what could be read if <see cref="FrameHeader.IpVersion"/> is not 0.</summary>
    Malformed,
}
