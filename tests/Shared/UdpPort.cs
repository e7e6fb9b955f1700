namespace EdgeSensors.Tests;

/// <summary>A UDP port of this machine, as the kernel sees it.</summary>
internal static class UdpPort
{
    /// <summary>Waits until somebody listens.</summary>
    public static Task Bound(int port, CancellationToken cancellationToken) => Until(Lines(port).Any, cancellationToken);

    /// <summary>Waits until the listener has read all, and a little longer so that it has dealt with it.</summary>
    public static async Task Drained(int port, CancellationToken cancellationToken)
    {
        await Until(() => Lines(port).All(line => line.Contains(":00000000 00:", StringComparison.Ordinal)), cancellationToken);
        await Task.Delay(300, cancellationToken);
    }

    /// <summary>Datagrams that the kernel dropped because the listener was too slow.</summary>
    public static long Drops(int port) => Lines(port).Sum(line => long.Parse(line.TrimEnd().Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));

    private static IEnumerable<string> Lines(int port) =>
        File.ReadLines("/proc/net/udp").Where(line => line.Contains($":{port:X4} ", StringComparison.Ordinal) && line.Contains(" 00000000:0000 ", StringComparison.Ordinal));

    private static async Task Until(Func<bool> done, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 400 && !done(); tries++)
            await Task.Delay(50, cancellationToken);
    }
}
