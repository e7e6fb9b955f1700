namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>One key of <c>agent.yaml</c>.</summary>
/// <param name="Path">Its place, <c>section.key</c>.</param>
/// <param name="Default">The text of its default; null when it must be given; empty when nothing is the default.</param>
/// <param name="Unit">What its value is counted in or looks like.</param>
/// <param name="Meaning">One line for a person.</param>
/// <param name="Set">Takes a value, made absolute already where it is a path; returns what is wrong with it, or null.</param>
/// <param name="Kind">How the value is written.</param>
internal sealed record ConfigurationKey(
    string Path,
    string? Default,
    string Unit,
    string Meaning,
    Func<AgentConfiguration, string, string?> Set,
    ValueKind Kind = ValueKind.Scalar)
{
    /// <summary>The environment variable that overrides it.</summary>
    public string EnvironmentVariable => "EDGESENSORS__" + Path.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();
}

/// <summary>How a key's value is written.</summary>
internal enum ValueKind
{
    /// <summary>One word.</summary>
    Scalar,

    /// <summary>A path; a relative one starts at the folder of the configuration file.</summary>
    Path,

    /// <summary>A sequence; handed over joined by commas, as the environment gives it.</summary>
    List,
}
