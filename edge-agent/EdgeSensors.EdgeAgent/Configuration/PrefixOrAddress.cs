using System.Net;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>Reads what names exporters: a prefix, or an address alone.</summary>
internal static class PrefixOrAddress
{
    /// <summary>Reads <c>192.0.2.0/24</c> or <c>192.0.2.1</c>.</summary>
    public static bool TryParse(string text, out Prefix prefix)
    {
        if (text.Contains('/', StringComparison.Ordinal))
        {
            return Prefix.TryParse(text, out prefix);
        }

        prefix = default;
        if (!IPAddress.TryParse(text, out var address) || (!text.Contains(':', StringComparison.Ordinal) && !text.Contains('.', StringComparison.Ordinal)))
        {
            return false;
        }

        prefix = Prefix.Of(address);
        return true;
    }
}
