namespace EdgeSensors.Metering.Collect.Accounting;

/// <summary>How a message's sequence number follows on the one before.</summary>
internal enum SequenceStep
{
    /// <summary>As expected, or the first.</summary>
    Next,

    /// <summary>Something is missing before it.</summary>
    Gap,

    /// <summary>It belongs before others that came already.</summary>
    Late,

    /// <summary>It came already.</summary>
    Duplicate,

    /// <summary>It follows on nothing: another numbering has begun.</summary>
    Discontinuity,
}
