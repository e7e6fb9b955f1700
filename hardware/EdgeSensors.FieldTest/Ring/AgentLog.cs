using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>What the agent's log lines mean.</summary>
internal static class AgentLog
{
    /// <summary>Whether a line says that an update was verified, and how people read it.</summary>
    public static bool IsVerified(string line, [NotNullWhen(true)] out string? what)
    {
        what = line.Contains("verified", StringComparison.OrdinalIgnoreCase) ? "the agent has checked every signature, version and expiry itself" : null;
        return what is not null;
    }
}
