namespace EdgeSensors.Metering.Ebpf;

/// <summary>What a program is for, and so what its context is and which helpers it may call (linux/bpf.h, <c>enum bpf_prog_type</c>).</summary>
public enum EbpfProgramType
{
    /// <summary>Filters what a socket receives: the result is the octets to keep of a packet.</summary>
    SocketFilter = 1,

    /// <summary>Judges a packet in the driver, before the kernel has made anything of it: the result is XDP_PASS, XDP_DROP, …</summary>
    Xdp = 6,
}
