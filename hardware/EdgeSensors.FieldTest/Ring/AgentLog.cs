using System.Globalization;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>What the agent's log lines mean.</summary>
internal static class AgentLog
{
    private const string RulesRevision = "rules revision ";

    /// <summary>Whether a line says that an update was verified, and up to which revision of the rules; 0 where it names none.</summary>
    public static bool IsVerified(string line, out long revision)
    {
        revision = 0;
        if (!line.Contains("verified updates", StringComparison.Ordinal))
        {
            return false;
        }

        var at = line.IndexOf(RulesRevision, StringComparison.Ordinal);
        if (at >= 0)
        {
            var digits = line[(at + RulesRevision.Length)..].TakeWhile(char.IsAsciiDigit).ToArray();
            _ = long.TryParse(digits, CultureInfo.InvariantCulture, out revision);
        }

        return true;
    }
}
