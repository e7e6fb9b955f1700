namespace EdgeSensors.Firmware.Report;

/// <summary>What a detector found, to be told of by <see cref="AlertEncoder"/>. One object for all findings, overwritten by each.</summary>
internal sealed class Finding
{
    /// <summary>The protocol's detector number.</summary>
    public int Detector;

    /// <summary>MITRE ATT&amp;CK.</summary>
    public string Technique = "";

    /// <summary>The direction of the flows it rests on.</summary>
    public int Direction;

    /// <summary>One number for all alerts about one happening.</summary>
    public ulong Event;

    /// <summary>The address that it is about, in the mapped form.</summary>
    public ulong High, Low;

    /// <summary>Whether that address is an own one, to be hidden.</summary>
    public bool IsOwn;

    /// <summary>0 to 100.</summary>
    public int Confidence;

    /// <summary>Unix milliseconds.</summary>
    public long FirstMs, LastMs;

    /// <summary>What was counted; 0 is left out.</summary>
    public ulong Octets, Packets, Attempts, FailedAttempts, Addresses, Ports, PeakPacketsPerSecond;

    /// <summary>Whether less than all frames were looked at.</summary>
    public bool Sampled;

    /// <summary>Takes over another's.</summary>
    public void CopyFrom(Finding other)
    {
        Detector = other.Detector;
        Technique = other.Technique;
        Direction = other.Direction;
        Event = other.Event;
        High = other.High;
        Low = other.Low;
        IsOwn = other.IsOwn;
        Confidence = other.Confidence;
        FirstMs = other.FirstMs;
        LastMs = other.LastMs;
        Octets = other.Octets;
        Packets = other.Packets;
        Attempts = other.Attempts;
        FailedAttempts = other.FailedAttempts;
        Addresses = other.Addresses;
        Ports = other.Ports;
        PeakPacketsPerSecond = other.PeakPacketsPerSecond;
        Sampled = other.Sampled;
    }
}
