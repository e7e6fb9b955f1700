using System.Globalization;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>The capabilities that a process holds in effect (capabilities(7)), from the kernel's page on it.</summary>
internal static class EffectiveRights
{
    /// <summary>CAP_NET_ADMIN: to change the packet filter.</summary>
    public const int NetAdmin = 12;

    /// <summary>One bit each; null where the page cannot be read.</summary>
    /// <param name="statusFile"><c>/proc/{pid}/status</c>.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static async Task<ulong?> ReadAsync(string statusFile, CancellationToken cancellationToken)
    {
        try
        {
            var lines = await File.ReadAllLinesAsync(statusFile, cancellationToken).ConfigureAwait(false);
            return lines.FirstOrDefault(line => line.StartsWith("CapEff:", StringComparison.Ordinal)) is { } line
                && ulong.TryParse(line.AsSpan("CapEff:".Length).Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var bits)
                ? bits
                : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
