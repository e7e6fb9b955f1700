using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Tests;

/// <summary>What the issuer of a <see cref="Fleet"/> signs with its own offline key besides the standing grant: short rules go to the fleet at once, longer ones by way of a canary.</summary>
internal static class FleetGrant
{
    /// <summary>Rules up to so long go to the fleet at once.</summary>
    public static readonly TimeSpan AtOnce = TimeSpan.FromMinutes(10);

    /// <summary>A longer one stays with half of the fleet for at least so long.</summary>
    public static readonly TimeSpan Soak = TimeSpan.FromMilliseconds(300);

    // The issuer that init founds. The name comes before that of the standing grant, so that this one is found first.
    private static readonly OperatorId s_issuer = OperatorId.Parse("authority");
    private static readonly DocumentId s_name = DocumentId.Parse("a-fleet");

    /// <summary>Signs it into the repository; throws <see cref="ProgramException"/> with why not.</summary>
    public static void Sign(string hub, string offline, string passphraseFile)
    {
        if (!TufRepository.Open(Path.Combine(hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var fault))
        {
            throw new ProgramException(fault.ToString());
        }

        if (!Passphrase.TryReadFile(passphraseFile, out var passphrase) || !OnlineKeys.TryLoad(Path.Combine(hub, "online"), out var keys, out _))
        {
            throw new ProgramException($"the keys of {hub} do not open");
        }

        using (passphrase)
        using (keys)
        {
            if (!OfflineKeys.TryOpen(offline, passphrase, [RepositoryRoles.Mitigations(s_issuer)], out var issuer, out var error))
            {
                throw new ProgramException(error.ToString());
            }

            keys.AddAll(issuer);
            if (!repository.Publish(new RepositoryChange().Set(Make(UnixMilliseconds.Now(TimeProvider.System))), keys).TryGet(out _, out fault))
            {
                throw new ProgramException(fault.ToString());
            }
        }
    }

    private static Grant Make(UnixMilliseconds now)
    {
        var day = (long)TimeSpan.FromDays(1).TotalMilliseconds;
        var atOnce = new GrantTier
        {
            Id = DocumentId.Parse("at-once"),
            Actions = new HashSet<MitigationStep> { MitigationStep.Drop },
            MinPrefixLengthV4 = 32,
            MinPrefixLengthV6 = 128,
            MaxDurationMs = (long)AtOnce.TotalMilliseconds,
            Approvals = 1,

            // Gateways that are killed must not take a rule back.
            Bounds = new RevertBounds { Complaints = 2, RefusedPercent = 100, LostPercent = 100 },
        };
        return new Grant
        {
            Id = s_name,
            Issuer = s_issuer,
            Actions = atOnce.Actions,
            MinPrefixLengthV4 = 32,
            MinPrefixLengthV6 = 128,
            MaxDurationMs = day,
            MaxRules = 1_000,
            Sensors = [SensorPattern.All],
            Tiers =
            [
                atOnce,
                atOnce with
                {
                    Id = DocumentId.Parse("staged"),
                    MaxDurationMs = day,
                    Stages = [new RolloutStage { SharePercent = 50, MaxSensors = 1_000, SoakMs = (long)Soak.TotalMilliseconds, AppliedPercent = 100, RefusedPercent = 0 }],
                },
            ],
            ExcludedPrefixes = [],
            NotBefore = new(now.Value - 60_000),
            NotAfter = new(now.Value + day),
        };
    }
}
