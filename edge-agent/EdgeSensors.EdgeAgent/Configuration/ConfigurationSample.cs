using System.Text;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>Writes the documented sample: every key with its meaning, unit and default; those that must be given stand uncommented.</summary>
internal static class ConfigurationSample
{
    /// <summary>The text of a whole <c>agent.yaml</c>.</summary>
    public static string Text()
    {
        var text = new StringBuilder();
        text.Append("# EdgeSensors edge agent. Every key there is, with its unit and default. An unknown key is refused.\n");
        text.Append("# A relative path starts at this file's folder. Environment variables override: EDGESENSORS__HUB__HOST for hub.host.\n");
        var section = "";
        foreach (var key in ConfigurationKeys.All)
        {
            var dot = key.Path.IndexOf('.', StringComparison.Ordinal);
            var name = key.Path[(dot + 1)..];
            var indent = dot < 0 ? "" : "  ";
            if (dot >= 0 && key.Path[..dot] != section)
            {
                section = key.Path[..dot];
                text.Append('\n').Append(section).Append(":\n");
            }
            else if (dot < 0)
            {
                text.Append('\n');
            }

            text.Append(indent).Append("# ").Append(key.Meaning).Append(" [").Append(key.Unit).Append(key.Default is null ? ", must be given" : "").Append("]\n");
            text.Append(indent).Append(name).Append(':').Append(Value(key)).Append('\n');
        }

        return text.ToString();
    }

    private static string Value(ConfigurationKey key) => key switch
    {
        { Path: "sensor" } => " operator/sensor",
        { Path: "hub.host" } => " localhost",
        { Kind: ValueKind.List } => " []",
        { Default: { Length: > 0 } text } => " " + text,
        _ => "",
    };
}
