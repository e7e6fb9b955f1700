using EdgeSensors.EdgeAgent.Enforce;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The capabilities that this process holds (capabilities(7)).</summary>
/// <param name="statusFile">The kernel's page on the process.</param>
/// <param name="capturesInterface">Whether an interface is to be captured.</param>
internal sealed class RightsCheck(string statusFile, bool capturesInterface) : ICheck
{
    private const string Area = "Rights";
    private const int NetRaw = 13;
    private const int SystemAdministrator = 21;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        if (await EffectiveRights.ReadAsync(statusFile, cancellationToken).ConfigureAwait(false) is not { } effective)
        {
            return [new Finding(Area, "capabilities", Verdict.Warn, $"{statusFile} does not tell", "mount /proc")];
        }

        return
        [
            Capability(effective, NetRaw, "CAP_NET_RAW", "capture", capturesInterface ? Verdict.Fail : Verdict.Warn),
            Capability(effective, EffectiveRights.NetAdmin, "CAP_NET_ADMIN", "enforcement and promiscuous mode", Verdict.Warn),
            .. Beyond(effective),
        ];
    }

    /// <summary>More than the agent ever needs: whoever takes it over gets that as well.</summary>
    private static IEnumerable<Finding> Beyond(ulong effective)
    {
        if ((effective >> SystemAdministrator & 1) == 1)
        {
            yield return new Finding(
                Area, "no more", Verdict.Warn, "every right is held (root)",
                "run as a user of its own with AmbientCapabilities=CAP_NET_RAW CAP_NET_ADMIN (and CAP_BPF CAP_PERFMON for enforce.xdp and tunnels) in the systemd unit");
        }
    }

    private static Finding Capability(ulong effective, int bit, string name, string purpose, Verdict without) => (effective >> bit & 1) == 1
        ? new Finding(Area, name, Verdict.Ok, $"held; for {purpose}")
        : new Finding(Area, name, without, $"missing; for {purpose}", $"run as root, or set AmbientCapabilities={name} in the systemd unit");
}
