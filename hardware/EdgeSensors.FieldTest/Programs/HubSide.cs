using System.Net;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>A hub of the run's own: set up from nothing, served as a process, worked with by its own commands.</summary>
internal sealed class HubSide : IDisposable
{
    /// <summary>The operator whose sensor and whose people take part.</summary>
    public const string Operator = "fieldtest";

    /// <summary>The sensor's name.</summary>
    public const string Sensor = "gateway";

    // A program that ends is noticed at once; one that is slow, on a machine that others load, is waited for.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly string _program;
    private readonly string _folder;
    private readonly string _logs;
    private readonly NetworkNamespace? _place;
    private readonly IPAddress _address;
    private IReadOnlyList<SaidLine> _saidBefore = [];
    private StartedProgram? _serving;
    private readonly Dictionary<string, DateTimeOffset> _inForce = [];
    private HubApi? _api;
    private DateTimeOffset? _firstReport;
    private long _inboxRow;

    /// <param name="program">The hub's program.</param>
    /// <param name="folder">A folder of the run's own, for keys and data.</param>
    /// <param name="logs">Where logs go.</param>
    /// <param name="place">The namespace it lives in; null for this process's own.</param>
    /// <param name="address">Where it listens.</param>
    public HubSide(string program, string folder, string logs, NetworkNamespace? place, IPAddress address)
    {
        (_program, _folder, _logs, _place, _address) = (program, folder, logs, place, address);
    }

    /// <summary>Who watches what it publishes: made and started with it, a process of its own.</summary>
    public required WitnessSide Witness { get; init; }

    /// <summary>The port of MQTT.</summary>
    public int MqttPort { get; init; } = 8883;

    /// <summary>The port of HTTPS.</summary>
    public int HttpsPort { get; init; } = 8443;

    /// <summary>For a disk of its own under the data folder, how much that holds, in octets; null for none. It needs a place with mounts of its own.</summary>
    public long? DiskOctets { get; init; }

    /// <summary>The folder that <c>init</c> made.</summary>
    public string Folder => Path.Combine(_folder, "hub");

    /// <summary>The folder of its inbox, decisions and flows.</summary>
    public string Data => Path.Combine(Folder, "data");

    /// <summary>The profile of the run's operator.</summary>
    public string Profile => Path.Combine(Folder, "operators", Operator);

    /// <summary>All it has said, also before it was killed and started again.</summary>
    public IReadOnlyList<SaidLine> Said => [.. _saidBefore, .. _serving?.Said ?? []];

    /// <summary>The running hub; throws before <see cref="ServeAsync"/>.</summary>
    public StartedProgram Serving => _serving ?? throw new InvalidOperationException("The hub was not started.");

    /// <summary>Its API, as the run's operator; throws before <see cref="ServeAsync"/>.</summary>
    public HubApi Api => _api ?? throw new InvalidOperationException("The hub was not started.");

    private string PassphraseFile => Path.Combine(_folder, "passphrase");

    /// <summary>Makes keys, certificates and the repository, and the witness that they name.</summary>
    /// <param name="policy">What it may decide by itself: <c>manual</c>, <c>propose</c> or <c>approve</c>.</param>
    /// <param name="stop">Gives up.</param>
    public async Task InitAsync(string policy, CancellationToken stop)
    {
        await Witness.InitAsync(stop).ConfigureAwait(false);
        await MustAsync(
        [
            "init", Folder, "--witness", Witness.Card, "--operator", Operator, "--host", _address.ToString(), "--listen", _address.ToString(),
            "--mqtt-port", $"{MqttPort}", "--https-port", $"{HttpsPort}", "--policy", policy,
            "--offline", Path.Combine(_folder, "offline"), "--generate-passphrase", PassphraseFile,
        ],
        stop).ConfigureAwait(false);
        if (DiskOctets is { } octets)
        {
            MountSetup.Disk(_place ?? throw new InvalidOperationException("A disk needs a place of its own."), Data, octets);
        }

        await Witness.TrustAsync(Path.Combine(Folder, "overseer"), stop).ConfigureAwait(false);
        await Witness.ServeAsync(stop).ConfigureAwait(false);
    }

    /// <summary>Enrols a sensor: its certificate, its trust root and the authorisation to report about its inside.</summary>
    /// <param name="sensor">Its name.</param>
    /// <param name="inside">The network that it protects.</param>
    /// <param name="enrolment">The folder to write.</param>
    /// <param name="stop">Gives up.</param>
    /// <param name="more">Further options of the command.</param>
    public Task EnrolAsync(string sensor, IEnumerable<Prefix> inside, string enrolment, CancellationToken stop, params string[] more) => EnrolAsync([sensor], inside, enrolment, stop, more);

    /// <summary>Enrols sensors alike; of several, each gets a folder of its own in the enrolment's.</summary>
    public async Task EnrolAsync(IReadOnlyList<string> sensors, IEnumerable<Prefix> inside, string enrolment, CancellationToken stop, params string[] more) => await MustAsync(
        [
            "sensor", "add", Operator, .. sensors, "--dir", Folder, "--out", enrolment, "--level", "concern", "--basis", "consent", "--network", "owner",
            "--directions", "inbound,outbound", "--offline", Path.Combine(_folder, "offline"), "--passphrase-file", PassphraseFile,
            .. inside.SelectMany(p => (string[])["--own-prefix", p.ToString()]), .. more,
        ],
        stop).ConfigureAwait(false);

    /// <summary>Enrols taps that are alike, by one publication, each into a folder of its name.</summary>
    public Task EnrolTapsAsync(IReadOnlyList<string> taps, IEnumerable<Prefix> inside, string enrolments, CancellationToken stop) =>
        StartedProgram.MustAsync(
            _place, _program,
            [
                "sensor", "add", Operator, .. taps, "--dir", Folder, "--out", enrolments, "--kind", "tap", "--level", "concern", "--basis", "consent", "--network", "owner",
                "--directions", "inbound,outbound", "--offline", Path.Combine(_folder, "offline"), "--passphrase-file", PassphraseFile,
                .. inside.SelectMany(p => (string[])["--own-prefix", p.ToString()]),
            ],
            Path.Combine(_logs, "commands.log"), Patience + TimeSpan.FromMilliseconds(100 * taps.Count), stop);

    /// <summary>Brings a tap's enrolment to it over a serial line; throws <see cref="ProgramException"/> when it does not take it.</summary>
    public Task SendAsync(string enrolment, string device, CancellationToken stop) => MustAsync(["sensor", "send", enrolment, "--port", device], stop);

    /// <summary>Signs and publishes a blocklist; before it serves, as the key is an offline one.</summary>
    public async Task PublishListAsync(IEnumerable<Prefix> listed, CancellationToken stop)
    {
        var list = Path.Combine(_folder, "listed.txt");
        await File.WriteAllLinesAsync(list, listed.Select(p => p.ToString()), stop).ConfigureAwait(false);
        await MustAsync(["blocklist", "import", list, "--source", "fieldtest", "--category", "c2", "--score", "100", "--dir", Folder], stop).ConfigureAwait(false);
        await MustAsync(["blocklist", "publish", "--dir", Folder, "--offline", Path.Combine(_folder, "offline"), "--passphrase-file", PassphraseFile], stop).ConfigureAwait(false);
    }

    /// <summary>Signs what of the published blocklist sensors enforce.</summary>
    /// <param name="categories">Each as <c>CATEGORY=STEP</c>.</param>
    /// <param name="stop">Gives up.</param>
    public Task EnforceListAsync(IEnumerable<string> categories, CancellationToken stop) =>
        MustAsync(["blocklist", "enforce", .. categories, "--dir", Folder, "--offline", Path.Combine(_folder, "offline"), "--passphrase-file", PassphraseFile], stop);

    /// <summary>Pulls the kill switch as the run's operator.</summary>
    public Task StopAllAsync(string reason, CancellationToken stop) => MustAsync(["mitigation", "stop-all", "--reason", reason, "--profile", Profile], stop);

    /// <summary>Releases it.</summary>
    public Task ReleaseAsync(string reason, CancellationToken stop) => MustAsync(["mitigation", "release", "--reason", reason, "--profile", Profile], stop);

    /// <summary>Starts serving and waits until it is ready; throws <see cref="ProgramException"/> when it does not come to that.</summary>
    /// <param name="stop">Gives up.</param>
    /// <param name="settings">Variables to set besides the inherited ones.</param>
    public async Task ServeAsync(CancellationToken stop, IReadOnlyDictionary<string, string>? settings = null)
    {
        _saidBefore = Said;
        _serving?.Dispose();
        _serving = StartedProgram.Start(_place, _program, ["serve", "--config", Path.Combine(Folder, "hub.yaml")], Path.Combine(_logs, "hub.log"), settings);
        if (await _serving.WaitForLineAsync(l => l.StartsWith("ready ", StringComparison.Ordinal), Patience, stop).ConfigureAwait(false) is null)
        {
            throw new ProgramException($"the hub does not come up: {_serving.LastWords()}");
        }

        _api ??= new HubApi(_place, new Uri($"https://{_address}:{HttpsPort}/"), Profile);
    }

    /// <summary>What the hub knows now; throws <see cref="HttpRequestException"/> while it cannot be reached.</summary>
    public async Task<HubState> ReadStateAsync(CancellationToken stop)
    {
        var (incidents, mitigations) = await Api.ReadAsync(stop).ConfigureAwait(false);
        foreach (var message in ReadInbox(_inboxRow))
        {
            Note(message);
        }

        return new HubState(incidents, mitigations, _firstReport, new Dictionary<string, DateTimeOffset>(_inForce));
    }

    /// <summary>The messages that it has committed after a row.</summary>
    public IReadOnlyList<CommittedMessage> ReadInbox(long afterRow = 0)
    {
        IReadOnlyList<CommittedMessage> Read() => InboxFile.Read(Folder, afterRow);
        return _place is null ? Read() : _place.Run(Read); // its data may lie on a disk that only its place sees
    }

    /// <summary>Whether it says that it is well, and its counters by name; throws <see cref="HttpRequestException"/> while it cannot be reached.</summary>
    public Task<(bool IsWell, IReadOnlyDictionary<string, double> Counters)> ReadHealthAsync(CancellationToken stop) => Api.ReadHealthAsync(stop);

    /// <summary>Proposes and approves a block as the run's operator; null when it was done, otherwise why not.</summary>
    /// <param name="address">Whom.</param>
    /// <param name="reason">For people.</param>
    /// <param name="duration">How long.</param>
    /// <param name="sensors">Where, each <c>operator/sensor</c>; everywhere when empty.</param>
    /// <param name="stop">Ends it.</param>
    public async Task<string?> BlockAsync(string address, string reason, TimeSpan duration, IReadOnlyList<string> sensors, CancellationToken stop)
    {
        var (id, refused) = await Api.ProposeAsync(address, reason, duration, sensors, stop).ConfigureAwait(false);
        return id is null ? refused : await ApproveAsync(id, stop).ConfigureAwait(false);
    }

    /// <summary>Approves a proposal as the run's operator; null when it was done, otherwise why not.</summary>
    public Task<string?> ApproveAsync(string id, CancellationToken stop) => Api.ApproveAsync(id, stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        _api?.Dispose();
        _serving?.Dispose();
        Witness.Dispose();
    }

    /// <summary>Ends the hub in order, and its witness after it.</summary>
    public async Task StopAsync()
    {
        await (_serving?.StopAsync(TimeSpan.FromSeconds(5)) ?? Task.CompletedTask).ConfigureAwait(false);
        await Witness.StopAsync().ConfigureAwait(false);
    }

    private void Note(CommittedMessage message)
    {
        _inboxRow = message.Row;
        if (message.Channel == Channel.Report && ReportCodec.TryDecode(message.Payload, out var report, out _) && report!.AuthorizationId is not null)
        {
            _firstReport ??= message.ReceivedAt;
        }
        else if (message.Channel == Channel.Receipt && ReceiptCodec.TryDecode(message.Payload, out var receipt, out _))
        {
            foreach (var rule in receipt!.Rules.Where(r => r.State is RuleState.Enforced or RuleState.Observed))
            {
                _inForce.TryAdd(rule.RuleId, receipt.ObservedAt.ToDateTimeOffset());
            }
        }
    }

    private Task MustAsync(string[] arguments, CancellationToken stop) =>
        StartedProgram.MustAsync(_place, _program, arguments, Path.Combine(_logs, "commands.log"), Patience, stop);
}

/// <summary>A program did not do what the run needs; the message is for people.</summary>
internal sealed class ProgramException(string message) : Exception(message);
