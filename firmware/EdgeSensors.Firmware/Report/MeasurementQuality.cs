namespace EdgeSensors.Firmware.Report;

/// <summary>How well a window was measured; what is unknown is said to be so.</summary>
internal sealed class MeasurementQuality
{
    /// <summary>Frames dropped before they were seen; below zero for unknown.</summary>
    public long Dropped { get; set; } = -1;

    /// <summary>So many packets ...</summary>
    public uint SamplingSize { get; set; } = 1;

    /// <summary>... out of so many were looked at.</summary>
    public uint SamplingPopulation { get; set; } = 1;

    /// <summary>Whether there was any time in which everything was seen.</summary>
    public bool IsSeen { get; set; }

    /// <summary>Whether it was sampled, and what follows says how well.</summary>
    public bool IsBounded { get; set; }

    /// <summary>In 95 % of windows the packets in all are within so many of <see cref="SamplingPopulation"/>.</summary>
    public ulong PacketsWithin { get; set; }

    /// <summary>The octets in all, as estimated.</summary>
    public ulong AllOctets { get; set; }

    /// <summary>In 95 % of windows the octets in all are within so many of <see cref="AllOctets"/>.</summary>
    public ulong OctetsWithin { get; set; }

    /// <summary>Whether the clock's offset is known.</summary>
    public bool ClockKnown { get; set; }

    /// <summary>The clock less true time, in milliseconds.</summary>
    public long ClockOffsetMs { get; set; }

    /// <summary>Whether the window before was lost in a restart.</summary>
    public bool PreviousLost { get; set; }

    /// <summary>Writes the map, with counts of what was not decoded, not kept and out of scope.</summary>
    public void Write(CborWriter w, uint malformed, uint evicted, uint outOfScope)
    {
        w.Key(Keys.Measurement);
        w.BeginMap();
        if (Dropped >= 0)
        {
            w.Field(Keys.Dropped, (ulong)Dropped);
        }

        w.Field(Keys.SamplingSize, SamplingSize);
        w.Field(Keys.SamplingPopulation, SamplingPopulation);
        if (ClockKnown)
        {
            w.Key(Keys.ClockOffset);
            w.Int(ClockOffsetMs);
        }

        w.Count(Keys.Malformed, malformed);
        w.Count(Keys.Evicted, evicted);
        if (PreviousLost)
        {
            w.Key(Keys.PreviousLost);
            w.True();
        }

        w.Count(Keys.OutOfScope, outOfScope);
        if (IsBounded)
        {
            w.Key(Keys.SamplingBounds);
            w.BeginArray(3);
            w.UInt(PacketsWithin);
            w.UInt(AllOctets);
            w.UInt(OctetsWithin);
        }

        w.EndMap();
    }
}
