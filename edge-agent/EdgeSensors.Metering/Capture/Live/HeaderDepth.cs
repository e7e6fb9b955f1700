namespace EdgeSensors.Metering.Capture.Live;

/// <summary>How far into a frame the kernel's filter follows its headers. It never lets more in than they are.</summary>
public enum HeaderDepth
{
    /// <summary>To the end of the innermost header, through every tunnel that is decoded (eBPF).</summary>
    Innermost,

    /// <summary>To the end of the outer header: what a tunnel carries is metered as the tunnel's own packets (classic BPF, where eBPF is not allowed).</summary>
    Outermost,
}
