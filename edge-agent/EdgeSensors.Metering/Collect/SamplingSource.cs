namespace EdgeSensors.Metering.Collect;

/// <summary>Who stated a sampling rate.</summary>
public enum SamplingSource : byte
{
    /// <summary>Nobody.</summary>
    None,

    /// <summary>The person who configured the collector.</summary>
    Configuration,

    /// <summary>The flow record itself (samplingInterval, samplingSize of samplingPopulation, …).</summary>
    Record,

    /// <summary>An options record about the record's sampler or selector.</summary>
    Sampler,

    /// <summary>An options record about one of the record's interfaces.</summary>
    Interface,

    /// <summary>An options record about the whole observation domain.</summary>
    Domain,

    /// <summary>The datagram's header (NetFlow v5).</summary>
    Header,

    /// <summary>The sFlow sample.</summary>
    Sample,
}
