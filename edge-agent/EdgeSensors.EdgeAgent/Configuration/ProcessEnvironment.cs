using System.Collections;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>The environment that this process was started with.</summary>
internal static class ProcessEnvironment
{
    /// <summary>All its variables.</summary>
    public static IReadOnlyDictionary<string, string> Read()
    {
        var all = new Dictionary<string, string>();
        foreach (DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            all[(string)entry.Key] = (string?)entry.Value ?? "";
        }

        return all;
    }
}
