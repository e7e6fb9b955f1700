namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>What an options record's sampling rate is about.</summary>
internal enum SamplerScope : byte
{
    /// <summary>All flows of the domain.</summary>
    Domain,

    /// <summary>The flows of a samplerId or selectorId.</summary>
    Sampler,

    /// <summary>The flows of an interface.</summary>
    Interface,

    /// <summary>The flows of a template.</summary>
    Template,
}
