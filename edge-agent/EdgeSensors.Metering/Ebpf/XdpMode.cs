namespace EdgeSensors.Metering.Ebpf;

/// <summary>Where an XDP program runs, by its bit in linux/if_link.h.</summary>
public enum XdpMode
{
    /// <summary>In the kernel's common receive path, with every driver (XDP_FLAGS_SKB_MODE).</summary>
    Generic = 1 << 1,

    /// <summary>In the driver, before a socket buffer is made (XDP_FLAGS_DRV_MODE).</summary>
    Native = 1 << 2,
}
