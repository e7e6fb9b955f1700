using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Scenarios;

namespace EdgeSensors.FieldTest.Gateways;

/// <summary>Puts a scenario's faults in, each at its time, and takes them back. What begins at 0s is there before the agents start.</summary>
/// <param name="cast">The programs.</param>
/// <param name="network">The lines.</param>
/// <param name="gateways">Each with its agent, once that was started.</param>
/// <param name="time">The clock.</param>
internal sealed class GatewayFaults(Cast cast, FieldNetwork network, IReadOnlyList<Gateway> gateways, TimeProvider time)
{
    /// <summary>How much a disk holds that will be filled.</summary>
    public const long DiskOctets = 24 << 20;

    private const string Ballast = "ballast";

    private int _expectedEnds;

    /// <summary>Whether a program that is not running was ended by a fault.</summary>
    public bool EndsPrograms => Volatile.Read(ref _expectedEnds) > 0;

    /// <summary>Puts one in.</summary>
    public void Begin(ScenarioStep step)
    {
        foreach (var gateway in Meant(step))
        {
            Begin(step, gateway);
        }
    }

    /// <summary>Tells of one that was put in, waits, and takes it back.</summary>
    public async Task LastAsync(ScenarioStep step, IRunWatch told, RunHead head, CancellationToken stop)
    {
        var lasts = step.Time("lasts")!.Value;
        var now = head.MillisecondsTo(time.GetUtcNow());
        told.Happened(new Happening(now, HappeningKind.Fault, step.Has("on") ? step.Text("on") : "scenario", Words(step)) { UntilMs = now + (long)lasts.TotalMilliseconds });
        await Task.Delay(lasts, time, stop).ConfigureAwait(false);
        foreach (var gateway in Meant(step))
        {
            await EndAsync(step, gateway, stop).ConfigureAwait(false);
        }
    }

    /// <summary>The gateways that a step is about; one null for a step that is about the hub.</summary>
    private IEnumerable<Gateway?> Meant(ScenarioStep step)
    {
        if (step.What is "hub-killed" or "hub-disk-full")
        {
            return [null];
        }

        return gateways.Where(g => !step.Has("on") || g.Name == step.Text("on"));
    }

    private void Begin(ScenarioStep step, Gateway? gateway)
    {
        switch (step.What)
        {
            case "hub-killed":
                Interlocked.Increment(ref _expectedEnds);
                cast.Hub.Serving.Kill();
                break;
            case "hub-disk-full":
                Fill(network.Hub, cast.Hub.Data);
                break;
            case "agent-killed":
                Interlocked.Increment(ref _expectedEnds);
                gateway!.Agent!.Running.Kill();
                break;
            case "hub-away":
                network.Lines[gateway!.Name].Quality = LineQuality.Cut;
                break;
            case "bad-line":
                network.Lines[gateway!.Name].Quality = new LineQuality(step.Number("loss"), step.Time("delay")!.Value);
                break;
            case "disk-full":
                Fill(gateway!.Network.Gateway, cast.StateOf(gateway.Name));
                break;
            case "nic-gone":
                gateway!.Network.PullInterface();
                break;
            case "nft-missing":
                MountSetup.Cover(gateway!.Network.Gateway, Cast.FindFilter()!);
                break;
            default:
                throw new InvalidOperationException($"{step.What} is in the schema and not here.");
        }
    }

    private async Task EndAsync(ScenarioStep step, Gateway? gateway, CancellationToken stop)
    {
        switch (step.What)
        {
            case "hub-killed":
                await cast.Hub.ServeAsync(stop).ConfigureAwait(false);
                Interlocked.Decrement(ref _expectedEnds);
                break;
            case "hub-disk-full":
                Empty(network.Hub, cast.Hub.Data);
                break;
            case "agent-killed":
                await gateway!.Agent!.RunAgainAsync(stop).ConfigureAwait(false);
                Interlocked.Decrement(ref _expectedEnds);
                break;
            case "hub-away" or "bad-line":
                network.Lines[gateway!.Name].Quality = LineQuality.Good;
                break;
            case "disk-full":
                Empty(gateway!.Network.Gateway, cast.StateOf(gateway.Name));
                break;
            case "nic-gone":
                gateway!.Network.PlugInterface();
                break;
            case "nft-missing":
                MountSetup.Uncover(gateway!.Network.Gateway, Cast.FindFilter()!);
                break;
            default:
                break;
        }
    }

    // To the last octet, so that not even a short line fits.
    private static void Fill(NetworkNamespace place, string folder) => place.Run(() =>
    {
        using var file = new FileStream(Path.Combine(folder, Ballast), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var piece = new byte[64 * 1024]; piece.Length > 0;)
        {
            try
            {
                file.Write(piece);
            }
            catch (IOException)
            {
                piece = new byte[piece.Length / 2];
            }
        }
    });

    private static void Empty(NetworkNamespace place, string folder) => place.Run(() => File.Delete(Path.Combine(folder, Ballast)));

    private static Title Words(ScenarioStep step) => step.What switch
    {
        "hub-killed" => new("the hub is killed", "ハブを強制終了"),
        "hub-disk-full" => new("the disk of the hub's data is full", "ハブのデータ用ディスクが満杯"),
        "agent-killed" => new("the agent is killed", "エージェントを強制終了"),
        "hub-away" => new("nothing comes through to the hub", "ハブに何も届かない"),
        "bad-line" => new(
            FormattableString.Invariant($"the line to the hub loses {step.Number("loss"):0.#%} and delays by {step.Time("delay")!.Value.TotalMilliseconds:0} ms"),
            FormattableString.Invariant($"ハブへの回線で {step.Number("loss"):0.#%} を損失、{step.Time("delay")!.Value.TotalMilliseconds:0} ms 遅延")),
        "disk-full" => new("the disk of the agent's state is full", "エージェントの状態用ディスクが満杯"),
        "nic-gone" => new("the interface is pulled", "インターフェースを引き抜く"),
        _ => new("nft is not there", "nft がない"),
    };
}
