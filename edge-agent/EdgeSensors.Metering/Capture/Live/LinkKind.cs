namespace EdgeSensors.Metering.Capture.Live;

/// <summary>How frames of an interface begin.</summary>
internal enum LinkKind
{
    /// <summary>With an Ethernet header.</summary>
    Ethernet,

    /// <summary>With an Ethernet header, each frame seen twice (leaving and arriving); the leaving one is discarded.</summary>
    Loopback,

    /// <summary>With the IP header (tunnels, PPP): the kernel takes the link header off; what is not IP is discarded.</summary>
    RawIp,
}
