namespace EdgeSensors.Metering.Ebpf;

/// <summary>Functions of the kernel that a program may call, by the numbers of linux/bpf.h. None of these asks for a program under the GPL.</summary>
public enum EbpfHelper
{
    /// <summary>R1 map, R2 pointer to key: R0 is a pointer to the value, or 0.</summary>
    MapLookup = 1,

    /// <summary>R1 map, R2 pointer to key, R3 pointer to value, R4 flags: R0 is 0 or a negative error.</summary>
    MapUpdate = 2,

    /// <summary>R1 map, R2 pointer to key: R0 is 0 or a negative error.</summary>
    MapDelete = 3,

    /// <summary>R0 is the nanoseconds since the machine started, as CLOCK_MONOTONIC has them.</summary>
    MonotonicNanoseconds = 5,

    /// <summary>R1 socket buffer, R2 offset, R3 pointer, R4 length: copies octets of the packet out; R0 is 0 or a negative error.</summary>
    LoadPacketBytes = 26,

    /// <summary>R0 is the nanoseconds since the machine started, as CLOCK_BOOTTIME has them: time asleep counts (Linux 5.8).</summary>
    BootNanoseconds = 125,
}
