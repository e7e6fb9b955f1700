namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>How a list is written.</summary>
internal enum ListFormat
{
    /// <summary>One address, prefix or range a line; comments behind <c>#</c> or <c>;</c>.</summary>
    Text,

    /// <summary>Comma-separated with a line of column names (RFC 4180).</summary>
    Csv,

    /// <summary>CrowdSec's decisions in JSON: of <c>cscli decisions list -o json</c>, of its local API, or inside alerts.</summary>
    CrowdSec,

    /// <summary>MISP events in JSON.</summary>
    Misp,

    /// <summary>A STIX 2.1 bundle with indicators.</summary>
    Stix,
}
