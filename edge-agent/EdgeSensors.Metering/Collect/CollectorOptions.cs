using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect;

/// <summary>The bounds of a <see cref="FlowCollector"/>. Everything that a stranger's datagram can make grow has one; what is pushed out by it is counted.</summary>
public sealed record CollectorOptions
{
    /// <summary>Most exporter sessions × observation domains remembered; beyond it one that never gave a flow, else the longest silent, is forgotten.</summary>
    public int MaxDomains { get; init; } = 4096;

    /// <summary>Most templates in all; beyond it one that never described a record, else the least recently used, is forgotten.</summary>
    public int MaxTemplates { get; init; } = 16_384;

    /// <summary>Most templates of one domain.</summary>
    public int MaxTemplatesPerDomain { get; init; } = 512;

    /// <summary>Most field specifiers of all templates together (8 octets each, and about twice that in use); one template, of up to 512, is taken in any case.</summary>
    public int MaxTemplateFields { get; init; } = 524_288;

    /// <summary>Most octets of data sets held back until their template comes, in all.</summary>
    public int MaxHeldOctets { get; init; } = 16 << 20;

    /// <summary>Most octets of data sets held back for one domain.</summary>
    public int MaxHeldOctetsPerDomain { get; init; } = 1 << 20;

    /// <summary>How long a data set is held back until its template comes.</summary>
    public TimeSpan HoldTime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Which exporters are heard; null hears all. UDP senders can lie, so an address list is the first defence against forged records.</summary>
    public Func<HostAddress, bool>? Accepts { get; init; }

    /// <summary>The sampling rate (one in so many) that a person states for an exporter: it wins over what the exporter says. 0 for no statement; null for none at all.</summary>
    public Func<HostAddress, double>? ConfiguredSampling { get; init; }
}
