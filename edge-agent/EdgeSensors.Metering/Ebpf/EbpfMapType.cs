namespace EdgeSensors.Metering.Ebpf;

/// <summary>How a map keeps its elements (linux/bpf.h, <c>enum bpf_map_type</c>).</summary>
public enum EbpfMapType
{
    /// <summary>By key, in no order.</summary>
    Hash = 1,

    /// <summary>By index, all there from the start. The key has 4 octets.</summary>
    Array = 2,

    /// <summary>As <see cref="Hash"/>, with a value for each core.</summary>
    PerCpuHash = 5,

    /// <summary>As <see cref="Array"/>, with a value for each core.</summary>
    PerCpuArray = 6,

    /// <summary>By longest prefix. The key is the prefix's length in bits (4 octets, the machine's order), then its octets.</summary>
    LongestPrefix = 11,
}
