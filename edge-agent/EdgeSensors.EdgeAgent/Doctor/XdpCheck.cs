using System.Diagnostics;
using System.Text.Json;
using EdgeSensors.EdgeAgent.Enforce;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Whether listed sources can be dropped at the interfaces of <c>enforce.xdp</c>. The program is loaded and let go of; nothing is put in front of an interface.</summary>
/// <param name="interfaces">The interfaces.</param>
internal sealed class XdpCheck(IReadOnlyList<string> interfaces) : ICheck
{
    private const string Area = "XDP";

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(5);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (!XdpFilter.TryCreate(1, out var filter, out var error))
        {
            return [new Finding(Area, "program", Verdict.Warn, "not available: nftables alone enforces", error.Message)];
        }

        filter.Dispose();
        var findings = new List<Finding> { new(Area, "program", Verdict.Ok, "accepted by the kernel") };
        foreach (var name in interfaces)
        {
            findings.Add(Judge(name, await ShowAsync(name, cancellationToken).ConfigureAwait(false)));
        }

        return findings;
    }

    /// <summary>What <c>ip -j link show</c> says of an interface's program.</summary>
    internal static Finding Judge(string name, string? shown)
    {
        if (shown is null)
        {
            return new Finding(Area, name, Verdict.Warn, "there is no such interface, or ip (iproute2) is not installed", "correct enforce.xdp, or apt-get install iproute2");
        }

        try
        {
            using var json = JsonDocument.Parse(shown);
            var link = json.RootElement[0];
            if (!link.TryGetProperty("xdp", out var xdp))
            {
                return new Finding(Area, name, Verdict.Ok, "free");
            }

            var program = xdp.TryGetProperty("prog", out var one) ? one : xdp.GetProperty("attached")[0].GetProperty("prog");
            return program.TryGetProperty("name", out var called) && called.GetString() == XdpFilter.ProgramName
                ? new Finding(Area, name, Verdict.Ok, xdp.GetProperty("mode").GetInt32() switch { 1 => "the agent's program stands there, in the driver", 2 => "the agent's program stands there, in the kernel's generic mode", _ => "the agent's program stands there" })
                : new Finding(Area, name, Verdict.Warn, "another program stands there: nothing will be dropped before nftables", $"take it off (ip link set dev {name} xdp off), or take {name} out of enforce.xdp");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException or FormatException)
        {
            return new Finding(Area, name, Verdict.Warn, "ip speaks of it in a form that is not known", "see whether a program stands there: ip link show");
        }
    }

    private static async Task<string?> ShowAsync(string name, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo("ip", ["-j", "-d", "link", "show", "dev", name]) { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        try
        {
            using var process = Process.Start(start)!;
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(s_patience);
            var text = await process.StandardOutput.ReadToEndAsync(limit.Token).ConfigureAwait(false);
            await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            return process.ExitCode == 0 ? text : null;
        }
        catch (Exception exception) when (exception is System.ComponentModel.Win32Exception or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
    }
}
