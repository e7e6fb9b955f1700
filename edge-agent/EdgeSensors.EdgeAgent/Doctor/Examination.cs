using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Which checks there are, and in which order they are shown.</summary>
internal static class Examination
{
    /// <summary>What needs a configuration.</summary>
    private static readonly string[] s_configured = ["storage", "certificates", "trust", "hub"];

    /// <summary>Looks at this machine and, with a configuration, at what that names.</summary>
    public static async Task<DoctorReport> RunAsync(DoctorTarget? target, NftCommand nft, TimeProvider time, CancellationToken cancellationToken)
    {
        // Without a configuration the question is whether this machine could be a sensor: one that captures.
        var captures = target is null || target.InterfaceName is not null;
        List<ICheck> checks =
        [
            new KernelCheck(nft, captures),
            new RightsCheck("/proc/self/status", captures),
            new ClockCheck(time, KernelClock.Read()),
            new InterfaceCheck(LiveInterface.All(), target?.InterfaceName),
        ];
        if (target is not null)
        {
            if (target.InputFile is { } file)
            {
                checks.Add(new InputFileCheck(file));
            }

            if (target.Listen is { } listen)
            {
                checks.Add(new ExportersCheck(listen, target.StateDirectory, time));
            }

            if (target.XdpInterfaces.Count > 0)
            {
                checks.Add(new XdpCheck(target.XdpInterfaces));
            }

            checks.Add(new StateDirectoryCheck(target.StateDirectory));
            checks.Add(new CertificateCheck(target, time));
            checks.Add(new TrustCheck(target.RootFile, target.SealingKeyFile));
            checks.Add(new HubCheck(target, time));
        }

        var findings = await Task.WhenAll(checks.Select(check => check.RunAsync(cancellationToken))).ConfigureAwait(false);
        return new DoctorReport([.. findings.SelectMany(found => found)], target is null ? s_configured : []);
    }
}
