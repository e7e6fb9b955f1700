namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>How something stands.</summary>
internal enum Verdict
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>The agent works, but not in full.</summary>
    Warn,

    /// <summary>The agent does not work so.</summary>
    Fail,
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Area">The group it is shown in.</param>
/// <param name="Subject">What was looked at.</param>
/// <param name="Verdict">How it stands.</param>
/// <param name="Detail">What was found.</param>
/// <param name="Remedy">How to mend it, one line; null where nothing is to be mended.</param>
internal sealed record Finding(string Area, string Subject, Verdict Verdict, string Detail, string? Remedy = null);
