using System.Text;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The kernel and what of it the agent needs.</summary>
/// <param name="nft">The packet filter's program.</param>
/// <param name="capturesInterface">Whether an interface is to be captured, by what is known; then it is a failure that none can be.</param>
internal sealed class KernelCheck(NftCommand nft, bool capturesInterface) : ICheck
{
    private const string Area = "Kernel";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken) =>
        [Release(), .. Capture(), .. await PacketFilterAsync(cancellationToken).ConfigureAwait(false), Namespaces()];

    private static Finding Release()
    {
        var version = Environment.OSVersion.Version;
        return !OperatingSystem.IsLinux()
            ? new Finding(Area, "system", Verdict.Fail, Environment.OSVersion.VersionString, "run the agent on Linux; here only capture files can be metered")
            : version < new Version(4, 19)
                ? new Finding(Area, "system", Verdict.Warn, $"Linux {Exact()}", "use Linux 4.19 or newer; older ones were never tried")
                : new Finding(Area, "system", Verdict.Ok, $"Linux {Exact()}");
    }

    private static string Exact()
    {
        try
        {
            return File.ReadAllText("/proc/sys/kernel/osrelease").Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Environment.OSVersion.Version.ToString();
        }
    }

    private IEnumerable<Finding> Capture()
    {
        const string Subject = "packet capture";
        if (LiveCapture.Probe(out var depth, out var limitation) is { } error)
        {
            yield return new Finding(Area, Subject, capturesInterface ? Verdict.Fail : Verdict.Warn, error.Fault == LiveCaptureFault.NotPermitted ? "not permitted" : "not available", error.Message);
            yield break;
        }

        yield return new Finding(Area, Subject, Verdict.Ok, "AF_PACKET, TPACKET_V3; the filter that keeps payload out is accepted");
        yield return depth == HeaderDepth.Innermost
            ? new Finding(Area, "tunnels", Verdict.Ok, "eBPF; what tunnels carry is metered from an interface too")
            : new Finding(Area, "tunnels", Verdict.Warn, "no eBPF: from an interface a tunnel is metered as one flow, by its outer header", limitation);
    }

    private async Task<IReadOnlyList<Finding>> PacketFilterAsync(CancellationToken cancellationToken)
    {
        const string Subject = "enforcement";
        var enforcer = await NftEnforcer.ChooseAsync(nft, TimeProvider.System, cancellationToken).ConfigureAwait(false);
        if (enforcer.Limitation is { } limitation)
        {
            return [new Finding(Area, Subject, Verdict.Warn, "none: the agent would observe only", limitation)];
        }

        var version = await nft.RunAsync(["--version"], default, cancellationToken).ConfigureAwait(false);
        var found = new Finding(Area, Subject, Verdict.Ok, version.Succeeded ? Encoding.UTF8.GetString(version.Output.Span).Trim() : "nftables");
        var offload = await nft.RunAsync(["list", "flowtables"], default, cancellationToken).ConfigureAwait(false);
        List<Finding> findings = [found];
        if (offload.Succeeded && offload.Output.Span.IndexOf("flowtable "u8) >= 0)
        {
            findings.Add(new Finding(
                Area, "flow offload", Verdict.Warn, "a flowtable is in force: what it forwards passes no filter", "remove the flowtable where mitigations must hit established flows"));
        }

        if (HasUnfilteredBridge("/sys/class/net", "/proc/sys/net/bridge/bridge-nf-call-iptables"))
        {
            findings.Add(new Finding(
                Area, "bridge", Verdict.Warn, "what is bridged, not routed, passes no filter", "modprobe br_netfilter; sysctl -w net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1"));
        }

        return findings;
    }

    /// <summary>Whether an interface is a bridge's port while the kernel does not show bridged packets to the IP filter.</summary>
    internal static bool HasUnfilteredBridge(string interfaces, string setting)
    {
        try
        {
            return Directory.EnumerateDirectories(interfaces).Any(found => Directory.Exists(Path.Combine(found, "brport")))
                && (!File.Exists(setting) || File.ReadAllText(setting).Trim() != "1");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static Finding Namespaces() => File.Exists("/proc/self/ns/net")
        ? new Finding(Area, "network namespaces", Verdict.Ok, "there; the field test can use them")
        : new Finding(Area, "network namespaces", Verdict.Warn, "none: the field test runs dry", "use a kernel with CONFIG_NET_NS");
}
