using System.Globalization;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Protocol;

namespace EdgeSensors.Tests;

/// <summary>
/// A hub, its witness and a number of gateways: real programs, enrolled by the hub's own command, each gateway in a network namespace of its own with a cable to the hub's and a table in
/// its own kernel. All of it is gone with the object.
/// </summary>
internal sealed class Fleet : IDisposable
{
    /// <summary>Cables are numbered by the third octet of an address.</summary>
    public const int MaxGateways = 250;

    /// <summary>Where the hub listens, for its gateways and whatever <see cref="OpenSocket"/> made.</summary>
    public static readonly IPAddress HubAddress = IPAddress.Parse("198.18.0.1");

    /// <summary>A hub says by itself only what is wrong; what it published is needed too.</summary>
    public static readonly IReadOnlyDictionary<string, string> Talkative = new Dictionary<string, string> { ["EDGESENSORS__LOG__LEVEL"] = "information" };

    private const int AtOnce = 4;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly List<Gateway> _gateways = [];
    private readonly NetworkNamespace _hubPlace;
    private readonly string _agentProgram;
    private readonly string _hubProgram;

    private Fleet(string folder, string agentProgram, string hubProgram, string witnessProgram, NetworkNamespace hubPlace)
    {
        (Folder, _agentProgram, _hubProgram, _hubPlace) = (folder, agentProgram, hubProgram, hubPlace);
        Directory.CreateDirectory(Logs);
        Hub = new HubSide(hubProgram, folder, Logs, hubPlace, HubAddress)
        {
            Witness = new WitnessSide(witnessProgram, Path.Combine(folder, "witness"), Logs, hubPlace, HubAddress),
        };
    }

    public string Folder { get; }

    public HubSide Hub { get; }

    public IReadOnlyList<Gateway> Gateways => _gateways;

    private string Logs => Path.Combine(Folder, "logs");

    /// <summary>Makes everything and starts the hub and its witness, no agent yet; throws <see cref="ProgramException"/> or <see cref="NetworkSetupException"/> with one line of why not.</summary>
    /// <param name="folder">A new folder; the caller removes it.</param>
    /// <param name="gateways">How many, at most <see cref="MaxGateways"/>.</param>
    /// <param name="agentProgram">The agent; null for the one of this build.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Fleet> FoundAsync(string folder, int gateways, string? agentProgram, CancellationToken stop)
    {
        if (!ProgramLocator.TryFind(ProgramLocator.Hub, out var hub, out var error) || !ProgramLocator.TryFind(ProgramLocator.Witness, out var witness, out error)
            || (agentProgram is null && !ProgramLocator.TryFind(ProgramLocator.Agent, out agentProgram, out error)))
        {
            throw new ProgramException(error);
        }

        var fleet = new Fleet(folder, agentProgram, hub, witness, MakePlace("hub"));
        try
        {
            LinkSetup.AddAddress(fleet._hubPlace, "lo", HubAddress, 32);
            for (var number = 1; number <= gateways; number++)
            {
                fleet._gateways.Add(fleet.Connect(number));
            }

            await fleet.Hub.InitAsync("manual", stop).ConfigureAwait(false);
            var enrolments = Path.Combine(folder, "sensors");
            await fleet.Hub.EnrolAsync([.. fleet._gateways.Select(gateway => gateway.Sensor)], [Prefix.Parse("10.0.0.0/8")], gateways == 1 ? Path.Combine(enrolments, fleet._gateways[0].Sensor) : enrolments, stop).ConfigureAwait(false);
            FleetGrant.Sign(fleet.Hub.Folder, Path.Combine(folder, "offline"), Path.Combine(folder, "passphrase"));
            await fleet.Hub.ServeAsync(stop, Talkative).ConfigureAwait(false);
            return fleet;
        }
        catch
        {
            fleet.Dispose();
            throw;
        }
    }

    /// <summary>Starts the agents, a few at a time, and waits until each has verified what the hub has signed; says how many do.</summary>
    public async Task StartAgentsAsync(Action<int>? progress, CancellationToken stop)
    {
        var ready = 0;
        await Parallel.ForEachAsync(_gateways, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = stop }, async (gateway, token) =>
        {
            gateway.Start();
            await gateway.WaitUntilVerifiedAsync(Patience, token).ConfigureAwait(false);
            progress?.Invoke(Interlocked.Increment(ref ready));
        }).ConfigureAwait(false);
    }

    /// <summary>A socket that reaches the hub.</summary>
    public Socket OpenSocket() => _hubPlace.Run(() => new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true });

    /// <summary>Reads the whole log as an overseer does; throws <see cref="ProgramException"/> with what does not fit.</summary>
    public Task AuditAsync(CancellationToken stop) => StartedProgram.MustAsync(
        _hubPlace, _hubProgram, ["log", "audit", "--overseer", Path.Combine(Hub.Folder, "overseer"), "--root", Path.Combine(Folder, "sensors", _gateways[0].Sensor, "root.json")],
        Path.Combine(Logs, "commands.log"), Patience, stop);

    /// <summary>Throws <see cref="ProgramException"/> unless the kernels of these gateways hold these rules and no others.</summary>
    public static void CheckKernels(IEnumerable<Gateway> gateways, IReadOnlyCollection<string> rules)
    {
        foreach (var gateway in gateways)
        {
            var held = gateway.ReadKernel().Select(element => element.Rule).ToHashSet();
            if (!held.SetEquals(rules))
            {
                throw new ProgramException($"{gateway.Name} is to enforce {rules.Count} rules, and its kernel lacks {rules.Except(held).Count()} of them and has {held.Except(rules).Count()} others");
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _gateways.ForEach(gateway => gateway.Dispose());
        Hub.Dispose();
        _hubPlace.Dispose();
    }

    private Gateway Connect(int number)
    {
        var place = MakePlace($"gateway {number}");
        var (hubEnd, gatewayEnd) = (string.Create(CultureInfo.InvariantCulture, $"gw{number}"), "hub0");
        byte[] HardwareAddress(byte kind) => [2, 0, 0x5E, 0x11, kind, (byte)number];
        LinkSetup.AddPair(place, new(gatewayEnd, HardwareAddress(1)), _hubPlace, new(hubEnd, HardwareAddress(2)), 1500);
        LinkSetup.AddAddress(place, gatewayEnd, At(2), 30);
        LinkSetup.AddAddress(_hubPlace, hubEnd, At(1), 30);
        LinkSetup.Up(place, gatewayEnd);
        LinkSetup.Up(_hubPlace, hubEnd);
        LinkSetup.AddRoute(place, Prefix.Parse($"{HubAddress}/32"), At(1), gatewayEnd);

        // What it meters: a cable on which nobody speaks, so that the figures are those of the rules.
        LinkSetup.AddPair(place, new(Gateway.MeteredInterface, HardwareAddress(3)), place, new("out1", HardwareAddress(4)), 1500);
        LinkSetup.Up(place, Gateway.MeteredInterface);
        LinkSetup.Up(place, "out1");
        var sensor = string.Create(CultureInfo.InvariantCulture, $"gw-{number:00}");
        return new Gateway(sensor, place, _agentProgram, Path.Combine(Folder, "sensors", sensor), Path.Combine(Logs, $"{sensor}.log"));

        IPAddress At(byte end) => new([198, 18, (byte)number, end]);
    }

    private static NetworkNamespace MakePlace(string label)
    {
        if (!NetworkNamespace.TryCreate(label, out var place, out var error))
        {
            throw new NetworkSetupException($"no network namespace: {error}");
        }

        foreach (var which in (string[])["default", "all"])
        {
            // No duplicate-address detection and no solicitations: nothing here speaks IPv6.
            place.SetKernel($"ipv6/conf/{which}/disable_ipv6", 1);
        }

        LinkSetup.Up(place, "lo");
        return place;
    }
}
