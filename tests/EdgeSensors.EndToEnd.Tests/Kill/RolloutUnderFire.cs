using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.EndToEnd.Tests.Kill;

/// <summary>
/// A hub, its witness and two gateways with real kernels, on which somebody approves and takes back mitigations one after the other while programs are killed. It knows what was decided, and what
/// must hold at every moment and once all is calm.
/// </summary>
internal sealed class RolloutUnderFire : IDisposable
{
    private const int Gateways = 2;
    private const int MostRules = 4;
    private const int Words = 8; // of each program, where something is not as it should be
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Aftermath = TimeSpan.FromMilliseconds(700);

    // What ends by itself meanwhile, what goes to the fleet at once, and what goes by way of a canary.
    private static readonly TimeSpan[] s_durations = [TimeSpan.FromSeconds(12), FleetGrant.AtOnce, FleetGrant.AtOnce, TimeSpan.FromHours(1), TimeSpan.FromHours(1)];

    private readonly DirectoryInfo _folder;
    private readonly Fleet _fleet;
    private readonly Random _random;
    private readonly ShownRules _shown;
    private readonly Dictionary<string, long> _revisions = [];
    private readonly List<Decided> _decided = [];
    private int _address;

    private RolloutUnderFire(DirectoryInfo folder, Fleet fleet, int seed)
    {
        (_folder, _fleet, _random) = (folder, fleet, new Random(seed));
        _shown = new ShownRules(Path.Combine(fleet.Hub.Folder, "repository"));
    }

    public IReadOnlyList<Gateway> Agents => _fleet.Gateways;

    public HubSide Hub => _fleet.Hub;

    public string Folder => _folder.FullName;

    public Random Random => _random;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    /// <summary>Founds it and starts all programs, or skips the test with the reason.</summary>
    public static async Task<RolloutUnderFire> StartOrSkipAsync(int seed)
    {
        if (!FieldTest.Network.UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        var folder = Directory.CreateTempSubdirectory("edgesensors-fire-");
        var fire = new RolloutUnderFire(folder, await Fleet.FoundAsync(Path.Combine(folder.FullName, "fleet"), Gateways, null, Stop), seed);
        try
        {
            await fire._fleet.StartAgentsAsync(null, Stop);
            await fire.SettleAsync();
            return fire;
        }
        catch
        {
            fire.Dispose();
            throw;
        }
    }

    /// <summary>Decides something, asking again until the hub has said that it is decided.</summary>
    public async Task DecideAsync()
    {
        var standing = _decided.Where(d => d.State == DecidedState.Approved && d.LastsBeyond(TimeSpan.FromSeconds(2))).ToList();
        if (standing.Count >= MostRules || (standing.Count > 1 && _random.Next(3) == 0))
        {
            var chosen = standing[_random.Next(standing.Count)];
            chosen.State = DecidedState.TakingBack;
            await InsistAsync(() => Hub.Api.RevokeAsync(chosen.Id, "no more", Stop));
            chosen.State = DecidedState.TakenBack;
            return;
        }

        var address = $"203.0.{113 + (_address / 250)}.{1 + (_address++ % 250)}";
        var duration = s_durations[_random.Next(s_durations.Length)];
        string? id = null;
        await InsistAsync(async () =>
        {
            (id, var refused) = await Hub.Api.ProposeAsync(address, "a test", duration, [], Stop);
            return refused;
        });
        var decided = new Decided(id!, duration) { State = DecidedState.Approving, From = DateTimeOffset.UtcNow };
        _decided.Add(decided);
        await InsistAsync(() => Hub.Api.ApproveAsync(id!, Stop));
        decided.Until = DateTimeOffset.UtcNow + duration;
        decided.State = DecidedState.Approved;
    }

    /// <summary>What holds at any moment, whoever is dead: each kernel has one signed, witnessed rule set and no other, whole, none that is older than what it had, and every element ends by itself.</summary>
    public void CheckKernels(string when)
    {
        foreach (var gateway in _fleet.Gateways)
        {
            var from = UnixMilliseconds.Now(TimeProvider.System);
            var elements = gateway.ReadKernel();
            var to = UnixMilliseconds.Now(TimeProvider.System);
            _shown.Follow();
            var rules = elements.Select(element => element.Rule).ToHashSet();
            var matching = _shown.Matching(new SensorName(OperatorId.Parse(HubSide.Operator), SensorId.Parse(gateway.Sensor)), rules, _revisions.GetValueOrDefault(gateway.Sensor), from, to).ToList();
            Assert.True(
                matching.Count > 0,
                $"{when}: {gateway.Sensor}'s kernel has {string.Join(", ", elements)}, which is no rule set signed since revision {_revisions.GetValueOrDefault(gateway.Sensor)}: "
                + string.Join("; ", _shown.Sets.Values.TakeLast(4).Select(set => $"{set.Revision}: {string.Join(' ', set.Rules.Select(rule => rule.Id))}")));
            _revisions[gateway.Sensor] = matching[0];
            foreach (var rule in elements.GroupBy(element => element.Rule))
            {
                var signed = _shown.Sets[matching[0]].Rules.Single(known => known.Id.Text == rule.Key);
                Assert.True(rule.All(element => element.Remaining is { } left && left.TotalMilliseconds <= signed.EffectiveUntil.Value - from.Value + 2_000), $"{when}: {gateway.Sensor}'s kernel keeps {rule.Key} beyond its end");
                Assert.True(rule.Count() == 2 || signed.EffectiveUntil.Value < to.Value + 2_000, $"{when}: {gateway.Sensor}'s kernel has half of {rule.Key}");
            }
        }

        _shown.NothingComesBack();
        var asked = _decided.Select(decided => decided.Id).ToHashSet();
        Assert.All(_shown.Sets.Values, set => Assert.All(set.Rules, rule => Assert.Contains(rule.Id.Text, asked)));
    }

    /// <summary>Starts again whoever is dead.</summary>
    public async Task ReviveAsync()
    {
        if (Hub.Witness.Serving.HasEnded)
        {
            await Hub.Witness.ServeAsync(Stop);
        }

        if (Hub.Serving.HasEnded)
        {
            await Hub.ServeAsync(Stop);
        }

        foreach (var gateway in _fleet.Gateways.Where(gateway => gateway.Agent.HasEnded))
        {
            gateway.Start();
        }
    }

    /// <summary>Starts one of the programs again, with the library that counts its steps, and waits until it has done what a start does: that is no step of a rollout.</summary>
    public async Task StartCountedAsync(string who, KillStep killing)
    {
        await Running(who).StopAsync(TimeSpan.FromSeconds(10));
        switch (who)
        {
            case "hub":
                await Hub.ServeAsync(Stop, killing.Environment);
                break;
            case "witness":
                await Hub.Witness.ServeAsync(Stop, killing.Environment);
                break;
            default:
                Agents[0].Start(killing.Environment);
                Assert.NotNull(await Agents[0].Agent.WaitForLineAsync(line => line.Contains("connected to", StringComparison.Ordinal), Patience, Stop));
                break;
        }
    }

    /// <summary>Waits until it is dead, or until what was decided is in force everywhere and what that brings with it is done too: receipts, and that they were taken.</summary>
    /// <returns>The step that it did not come to; empty when it has not ended.</returns>
    public async Task<string> UntilDeadOrDoneAsync(string who, Task deciding, KillStep killing)
    {
        var began = Environment.TickCount64;
        long? done = null;
        while (!Running(who).HasEnded && !(done is { } since && Environment.TickCount64 - since > Aftermath.TotalMilliseconds))
        {
            Assert.True(Environment.TickCount64 - began < Patience.TotalMilliseconds, $"the {who} neither dies nor does what was decided");
            done ??= deciding.IsCompleted && _fleet.Gateways.All(AsDecided) ? Environment.TickCount64 : null;
            await Task.Delay(20, Stop);
        }

        if (killing.TryDisarm())
        {
            return "";
        }

        while (!Running(who).HasEnded)
        {
            await Task.Delay(20, Stop);
        }

        return killing.Last;
    }

    private StartedProgram Running(string who) => who switch
    {
        "hub" => Hub.Serving,
        "witness" => Hub.Witness.Serving,
        _ => Agents[0].Agent,
    };

    /// <summary>Waits until all is as it was decided, and then looks at everything: kernels, signed set, a new client's view, and the witness's.</summary>
    public async Task SettleAsync()
    {
        var began = Environment.TickCount64;
        while (!_fleet.Gateways.All(AsDecided))
        {
            if (Environment.TickCount64 - began >= Patience.TotalMilliseconds)
            {
                Assert.Fail(
                $"it does not come to what was decided ({await HubsWordAsync()}): "
                + string.Join("; ", _fleet.Gateways.Select(g => $"{g.Sensor} {(g.Agent.HasEnded ? "has ended" : "runs")}, says {g.Agent.LastWords(Words)}, has {string.Join(", ", g.ReadKernel())}"))
                + $"; hub: {Hub.Serving.LastWords(Words)}; witness: {Hub.Witness.Serving.LastWords(Words)}");
            }

            await Task.Delay(100, Stop);
        }

        // Kernels may be as decided while the publication of a revocation is still on its way: a rule that never reached them is absent from them before it is absent from the set.
        string? difference;
        while ((difference = DifferenceTo(await ReadSignedSetAsync())) is not null)
        {
            Assert.True(Environment.TickCount64 - began < Patience.TotalMilliseconds, $"the signed set does not come to what was decided: {difference}; hub: {Hub.Serving.LastWords(Words)}");
            await Task.Delay(100, Stop);
        }

        CheckKernels("when all is calm");
        CheckWitness();
    }

    /// <summary>Does to one kernel, whose agent is dead, what must never happen, and fails unless <see cref="CheckKernels"/> sees it: half of a rule, and a rule set that is older than what was there.</summary>
    public async Task CheckTheCheckAsync()
    {
        var gateway = _fleet.Gateways[1];
        KernelRule? element;
        while ((element = gateway.ReadKernel().FirstOrDefault(e => e.Remaining > TimeSpan.FromMinutes(1))) is null)
        {
            await DecideAsync();
            await SettleAsync();
        }

        gateway.Agent.Kill();
        CheckKernels("before the check is checked");
        gateway.ChangeKernel($"delete element inet edgesensors {element.Set} {{ {element.Address} }}");
        Assert.ThrowsAny<Exception>(() => CheckKernels("half of a rule"));
        gateway.ChangeKernel("delete table inet edgesensors");
        Assert.ThrowsAny<Exception>(() => CheckKernels("a rule set of before"));
    }

    /// <summary>The whole log, read as an overseer reads it.</summary>
    public Task AuditAsync() => _fleet.AuditAsync(Stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        _fleet.Dispose();
        _folder.Delete(recursive: true);
    }

    // What the hub makes of all that should be in force.
    private async Task<string> HubsWordAsync()
    {
        var words = new List<string>();
        foreach (var decided in _decided.Where(d => d.State == DecidedState.Approved && d.LastsBeyond(TimeSpan.Zero)))
        {
            try
            {
                words.Add($"{decided.Id} {(await Hub.Api.FindAsync(decided.Id, Stop)).State}");
            }
            catch (HttpRequestException e)
            {
                words.Add($"{decided.Id} {e.Message}");
            }
        }

        return string.Join(", ", words);
    }

    private bool AsDecided(Gateway gateway)
    {
        var rules = gateway.ReadKernel().Select(element => element.Rule).ToHashSet();
        return _decided.All(decided => decided.State switch
        {
            DecidedState.Approved when decided.LastsBeyond(TimeSpan.FromSeconds(2)) => rules.Contains(decided.Id),
            DecidedState.Approved when decided.IsOver => !rules.Contains(decided.Id),
            DecidedState.TakenBack => !rules.Contains(decided.Id),
            _ => true,
        });
    }

    /// <summary>The rules that a client which knows nothing but the root verifies, proofs and all.</summary>
    private async Task<HashSet<string>> ReadSignedSetAsync()
    {
        var enrolment = Path.GetFullPath(Path.Combine(_fleet.Gateways[0].TrustFolder, "..", ".."));
        var folder = Directory.CreateDirectory(Path.Combine(Folder, "client")).FullName;
        using var pem = X509Certificate2.CreateFromPemFile(Path.Combine(enrolment, "sensor.crt"), Path.Combine(enrolment, "sensor.key"));
        using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(enrolment, "ca.crt"));
        var trust = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        trust.CustomTrustStore.Add(authority);
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (context, stop) =>
            {
                var socket = _fleet.OpenSocket();
                await socket.ConnectAsync(context.DnsEndPoint, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [pem], CertificateChainPolicy = trust },
        };
        var hub = new Uri($"https://{Fleet.HubAddress}:{Hub.HttpsPort}/tuf/");
        using var transport = new HttpTransport(handler, new Uri(hub, "metadata/"), new Uri(hub, "targets/"), HttpPatience.Default, TimeProvider.System);
        var client = new TufClient(transport, new DirectoryMetadataStore(Path.Combine(folder, "metadata")), TimeProvider.System, TufLimits.Default, witnessed: true);
        Assert.Null(client.Initialize(File.ReadAllBytes(Path.Combine(enrolment, "root.json"))));
        var refreshed = await client.RefreshAsync(Stop);
        Assert.True(refreshed.TryGet(out var repository, out var error), error?.ToString());
        Assert.True((await repository.FetchTargetAsync(TargetNames.Rules, Stop)).TryGet(out var target, out error), error?.ToString());
        Assert.True(RuleSet.TryParse(target.Bytes, out var rules, out var fault), fault?.ToString());
        Directory.Delete(folder, recursive: true);
        return [.. rules.Rules.Select(rule => rule.Id.Text)];
    }

    private string? DifferenceTo(HashSet<string> signed) =>
        _decided.Find(d => d.State == DecidedState.Approved && d.LastsBeyond(TimeSpan.FromSeconds(2)) && !signed.Contains(d.Id)) is { } lost ? $"{lost.Id} was approved and is not in it"
        : _decided.Find(d => d.State == DecidedState.TakenBack && signed.Contains(d.Id)) is { } back ? $"{back.Id} was taken back and is in it"
        : null;

    // The witness remembers no more than the log has, and saw nothing that cannot be.
    private void CheckWitness()
    {
        var memory = Path.Combine(_fleet.Folder, "witness", "state", "witness.db");
        Assert.Equal(0, Number(memory, "SELECT count(*) FROM alarm"));
        var seen = Number(memory, "SELECT max(size) FROM log");
        var logged = Number(Path.Combine(Hub.Folder, "log", "log.db"), "SELECT count(*) FROM entry");
        Assert.True(seen <= logged, $"the witness saw {seen} entries, and the log has {logged}");
    }

    private static long Number(string path, string question)
    {
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = question;
        return (long)command.ExecuteScalar()!;
    }

    // A hub that is dead, or not yet up again, does not answer; whoever decides asks again, and must not be given two of it.
    private static async Task InsistAsync(Func<Task<string?>> ask)
    {
        var began = Environment.TickCount64;
        while (await ask() is { } refused)
        {
            Assert.True(Environment.TickCount64 - began < Patience.TotalMilliseconds, $"the hub does not decide: {refused}");
            await Task.Delay(50, Stop);
        }
    }

    private enum DecidedState
    {
        Approving,
        Approved,
        TakingBack,
        TakenBack,
    }

    private sealed class Decided(string id, TimeSpan duration)
    {
        public string Id => id;

        public DecidedState State { get; set; }

        /// <summary>It was approved not before.</summary>
        public DateTimeOffset From { get; init; }

        /// <summary>It ends not after.</summary>
        public DateTimeOffset Until { get; set; } = DateTimeOffset.MaxValue;

        public bool IsOver => DateTimeOffset.UtcNow > Until + TimeSpan.FromSeconds(2);

        public bool LastsBeyond(TimeSpan time) => From + duration > DateTimeOffset.UtcNow + time;
    }
}
