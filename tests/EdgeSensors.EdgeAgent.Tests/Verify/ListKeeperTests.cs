using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.EdgeAgent.Enforce.Lists;
using EdgeSensors.EdgeAgent.Outbox;
using EdgeSensors.EdgeAgent.Tests.Enforce;
using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>A signed list through the real enforcers, with real packets.</summary>
public sealed class ListKeeperTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("edgesensors-list-").FullName;
    private readonly DurableOutbox _outbox;
    private ulong _read;

    public ListKeeperTests()
    {
        Assert.True(DurableOutbox.TryOpen(_directory, 1 << 20, out var outbox, out var error), error);
        _outbox = outbox;
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _outbox.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_signed_list_is_enforced_told_of_and_taken_back(bool atInterface)
    {
        using var network = new EnforcerNetwork();
        using var front = atInterface ? InFront(network) : null;
        var nft = new NftListEnforcer(new NftEnforcer(network.Nft, TimeProvider.System, NftLayout.ListTable), 100);
        IListEnforcer enforcer = front is null ? nft : new XdpListEnforcer(front, 100, TimeProvider.System);
        using var keeper = new ListKeeper(new OwnerLimits { BlocklistEntries = 100, Allowlist = [Prefix.Parse("192.0.2.13")] }, enforcer, _outbox, TimeProvider.System, NullLogger.Instance);

        // Without a document that says so, a list is never enforced.
        await keeper.ApplyAsync(State(1, null, List(1, "192.0.2.10 c2")), Cancel);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        Assert.Empty(Receipts());

        await keeper.ApplyAsync(State(2, Document("c2 drop", "scan observe"), List(1, "192.0.2.10 c2", "192.0.2.11 scan", "192.0.2.12 other", "192.0.2.13 c2", "2001:db8::10 c2")), Cancel);
        Assert.Equal([("list-c2", RuleState.Enforced, null, 0ul), ("list-scan", RuleState.Observed, null, 0ul)], Receipts());
        Assert.Equal(0, network.Arriving("192.0.2.10", 3) + network.Arriving("2001:db8::10", 1));
        Assert.Equal((2, 2, 2), (network.Arriving("192.0.2.11", 2), network.Arriving("192.0.2.12", 2), network.Arriving("192.0.2.13", 2)));

        // A newer list: hits live on, and are told.
        await keeper.ApplyAsync(State(3, Document("c2 drop", "scan observe"), List(2, "192.0.2.10 c2", "192.0.2.12 c2")), Cancel);
        Assert.Equal(0, network.Arriving("192.0.2.10", 1) + network.Arriving("192.0.2.12", 2));
        Assert.Equal(2, network.Arriving("192.0.2.11", 2));
        await keeper.ApplyAsync(State(4, Document("c2 drop"), List(2, "192.0.2.10 c2", "192.0.2.12 c2")), Cancel);
        var told = Receipts().GroupBy(r => (r.Item1, r.Item2)).ToDictionary(r => r.Key, r => r.Last().Item4);
        Assert.InRange(told[("list-c2", RuleState.Enforced)], 6ul, 20ul); // neighbour discovery from the IPv6 address may have been dropped as well
        Assert.Equal(2ul, told[("list-scan", RuleState.Revoked)]);

        await keeper.ApplyAsync(State(5, null, List(2, "192.0.2.10 c2")), Cancel);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        var (rule, end, _, _) = Assert.Single(Receipts());
        Assert.Equal(("list-c2", RuleState.Revoked), (rule, end));
    }

    [Fact]
    public async Task What_is_held_is_lifted_at_once_told_of_and_back_when_it_is_released()
    {
        using var network = new EnforcerNetwork();
        using var keeper = new ListKeeper(
            new OwnerLimits { BlocklistEntries = 100 }, new NftListEnforcer(new NftEnforcer(network.Nft, TimeProvider.System, NftLayout.ListTable), 100), _outbox, TimeProvider.System, NullLogger.Instance);
        var signed = State(1, Document("c2 drop"), List(1, "192.0.2.10 c2"));
        await keeper.ApplyAsync(signed, Cancel);
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        await keeper.ApplyAsync(signed with { TimestampVersion = 2, ListsHeld = true }, Cancel);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        await keeper.ApplyAsync(signed with { TimestampVersion = 3 }, Cancel);
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        Assert.Equal([(RuleState.Enforced, null), (RuleState.Revoked, "held"), (RuleState.Enforced, (string?)null)], Receipts().Select(told => (told.Item2, told.Item3)));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_former_run_enforced_is_gone_with_the_first_word_that_is_trusted(bool signedAway)
    {
        using var network = new EnforcerNetwork();
        ListKeeper Run() => new(
            new OwnerLimits { BlocklistEntries = 100 }, new NftListEnforcer(new NftEnforcer(network.Nft, TimeProvider.System, NftLayout.ListTable), 100), _outbox, TimeProvider.System, NullLogger.Instance);
        using (var former = Run())
        {
            await former.ApplyAsync(State(1, Document("c2 drop"), List(1, "192.0.2.10 c2")), Cancel);
            Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        }

        // While the agent was away, blocklist enforce --off was signed; or nothing that is trusted is left.
        using var next = Run();
        await next.ApplyAsync(signedAway ? State(2, null, List(1, "192.0.2.10 c2")) : TrustedState.None, Cancel);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
    }

    [Theory]
    [InlineData(false, 100, false)] // enforce.enabled: false
    [InlineData(true, 0, true)] // no room for lists any more, rules as before
    public async Task What_a_former_run_enforced_is_gone_when_the_owner_says_so(bool enforce, int entries, bool rulesStay)
    {
        using var network = new EnforcerNetwork();
        using (var former = new ListKeeper(
            new OwnerLimits { BlocklistEntries = 100 }, await ChooseAsync(network, network.Enforcer, 100, "ours"), _outbox, TimeProvider.System, NullLogger.Instance))
        {
            await former.ApplyAsync(State(1, Document("c2 drop"), List(1, "192.0.2.10 c2")), Cancel);
            await network.Apply(EnforcerNetwork.Plan(EnforcerNetwork.Rule("r", "192.0.2.11")));
            Assert.Equal(0, network.Arriving("192.0.2.10", 2) + network.Arriving("192.0.2.11", 2));
        }

        IEnforcer enforcer = enforce ? new NftEnforcer(network.Nft, TimeProvider.System) : new ObserveOnlyEnforcer("enforce.enabled is false", TimeProvider.System);
        // Another agent of this machine that wants none takes nothing of this one's away.
        Assert.Null(await ChooseAsync(network, new ObserveOnlyEnforcer("enforce.enabled is false", TimeProvider.System), 100, "others"));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2) + network.Arriving("192.0.2.11", 2));

        Assert.Null(await ChooseAsync(network, enforcer, entries, "ours"));
        Assert.Equal((2, rulesStay ? 0 : 2), (network.Arriving("192.0.2.10", 2), network.Arriving("192.0.2.11", 2)));

        // Once it is taken away, what comes there is another's.
        using var other = new ListKeeper(new OwnerLimits { BlocklistEntries = 100 }, await ChooseAsync(network, network.Enforcer, 100, "others"), _outbox, TimeProvider.System, NullLogger.Instance);
        await other.ApplyAsync(State(2, Document("c2 drop"), List(1, "192.0.2.10 c2")), Cancel);
        Assert.Null(await ChooseAsync(network, enforcer, entries, "ours"));
        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
    }

    [Fact]
    public async Task A_list_that_somebody_else_took_away_is_put_back()
    {
        using var network = new EnforcerNetwork();
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var keeper = new ListKeeper(
            new OwnerLimits { BlocklistEntries = 100 }, new NftListEnforcer(new NftEnforcer(network.Nft, TimeProvider.System, NftLayout.ListTable), 100), _outbox, clock, NullLogger.Instance);
        await keeper.ApplyAsync(State(1, Document("c2 drop"), List(1, "192.0.2.10 c2")), Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var looking = keeper.RunAsync(stop.Token);
        network.Gateway.Run("nft", "delete", "table", NftLayout.Family, NftLayout.ListTable);
        Assert.Equal(2, network.Arriving("192.0.2.10", 2));
        for (var looks = 0; looks < 50 && network.Arriving("192.0.2.10", 1) > 0; looks++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(50, Cancel);
        }

        Assert.Equal(0, network.Arriving("192.0.2.10", 2));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    [Fact]
    public async Task What_is_not_inside_the_limits_is_refused_whole_and_the_reason_told()
    {
        var owner = new OwnerLimits { BlocklistEntries = 2 };
        var good = Document("c2 drop");
        var list = List(1, "203.0.113.1 c2", "203.0.113.2 c2", "203.0.113.3 other");
        Assert.Null(Refusal(good, list, owner));
        Assert.Equal("owner-no-lists", Refusal(good, list, new OwnerLimits()));
        Assert.Equal("owner-no-lists", Refusal(good, list, owner, enforced: false));
        Assert.Equal("list-missing", Refusal(good, null, owner));
        Assert.Equal("list-too-large", Refusal(good with { MaxEntries = 1 }, list, owner));
        Assert.Equal("list-over-capacity", Refusal(good, list, new OwnerLimits { BlocklistEntries = 1 }));
        Assert.Equal("not-started", Refusal(good with { NotBefore = new(SampleSections.Later.Value - 1) }, list, owner));
        Assert.Equal("list-enforcement-expired", Refusal(good with { NotAfter = new(1) }, list, owner));
        Assert.Equal("step-unsupported", Refusal(Document("c2 rate-limit"), list, owner));

        using var keeper = new ListKeeper(new OwnerLimits(), null, _outbox, TimeProvider.System, NullLogger.Instance);
        await keeper.ApplyAsync(State(1, good, list), Cancel);
        Assert.Equal([("list-c2", RuleState.Refused, "owner-no-lists", 0ul)], Receipts());
    }

    [Fact]
    public void What_is_never_listed_or_too_wide_is_left_out()
    {
        var list = List(1, "203.0.113.1 c2", "203.0.113.9 c2", "10.1.2.3 c2", "8.8.8.8 c2", "198.51.100.0/24 c2", "198.51.0.0/16 c2", "192.0.2.128/25 c2", "2001:db8::1 c2", "2001:db8:2::/47 c2");
        var verdict = Judge(Document("c2 drop"), list, new OwnerLimits { BlocklistEntries = 100 }, [.. NeverList.CriticalServices, .. NeverList.SpecialPurpose, Prefix.Parse("203.0.113.8/29"), Prefix.Parse("192.0.2.200")]);
        Assert.Equal(["198.51.100.0/24", "203.0.113.1", "2001:db8::1"], verdict.Sections.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i])).Order().Select(p => p.ToString()));
        Assert.Equal(["203.0.113.1"], Judge(Document("c2 drop") with { MinPrefixLengthV4 = 32, MinPrefixLengthV6 = 128 }, List(1, "203.0.113.1 c2", "198.51.100.0/24 c2"), new OwnerLimits { BlocklistEntries = 100 }, [])
            .Sections.SelectMany(s => Enumerable.Range(0, s.Count).Select(i => s[i].ToString())));
    }

    [Fact]
    public void Nothing_stands_longer_than_the_document()
    {
        var end = new UnixMilliseconds(SampleSections.Later.Value - 1000);
        Assert.Equal(end, Assert.Single(Judge(Document("c2 drop") with { NotAfter = end }, List(1, "203.0.113.1 c2"), new OwnerLimits { BlocklistEntries = 100 }, []).Sections).EndsAt);
    }

    [Fact]
    public async Task When_the_program_at_the_interface_is_off_nobody_is_told_that_the_list_is_enforced()
    {
        using var network = new EnforcerNetwork();
        using var front = InFront(network);
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        using var keeper = new ListKeeper(new OwnerLimits { BlocklistEntries = 100 }, new XdpListEnforcer(front, 100, TimeProvider.System), _outbox, clock, NullLogger.Instance);
        await keeper.ApplyAsync(State(1, Document("c2 drop"), List(1, "192.0.2.10 c2")), Cancel);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var looking = keeper.RunAsync(stop.Token);
        front.Dispose();
        var told = Receipts();
        for (var looks = 0; looks < 50 && told.Count < 2; looks++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(20, Cancel);
            told.AddRange(Receipts());
        }

        Assert.Equal([(RuleState.Enforced, null), (RuleState.Refused, "owner-no-lists")], told.Select(receipt => (receipt.Item2, receipt.Item3)));
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => looking);
    }

    private async Task<IListEnforcer?> ChooseAsync(EnforcerNetwork network, IEnforcer enforcer, int entries, string agent) => await ListEnforcement.ChooseAsync(
        enforcer, new OwnerLimits { BlocklistEntries = entries }, 100, network.Nft, new EnforcedTables(Path.Combine(_directory, agent)), TimeProvider.System, NullLogger.Instance, Cancel);

    private static XdpEnforcer InFront(EnforcerNetwork network)
    {
        XdpFilterTests.FilterOrSkip().Dispose();
        var (chosen, without) = network.Gateway.Inside(() => (XdpEnforcer.Choose(network.Enforcer, ["inside0"], TimeProvider.System, out var why, 100), why));
        Assert.Null(without);
        return Assert.IsType<XdpEnforcer>(chosen);
    }

    private static string? Refusal(BlocklistEnforcement document, Blocklist? list, OwnerLimits owner, bool enforced = true) =>
        Assert.Single(Judge(document, list, owner, [], enforced).Categories).Refusal;

    private static ListVerdict Judge(BlocklistEnforcement document, Blocklist? list, OwnerLimits owner, Prefix[] never, bool enforced = true) =>
        ListJudgement.Judge(document, list, owner, never, enforced ? new Dropper() : null, UnixMilliseconds.Now(TimeProvider.System));

    private static BlocklistEnforcement Document(params string[] categories) => new()
    {
        Version = 1,
        Categories = [.. categories.Select(text => text.Split(' ')).Select(words => new EnforcedCategory(
            DocumentId.Parse(words[0]), words[1] switch { "drop" => MitigationStep.Drop, "observe" => MitigationStep.Observe, _ => MitigationStep.RateLimit }, SlpfDirection.Ingress))],
        Sensors = [SensorPattern.All],
        MaxEntries = 100,
        MinPrefixLengthV4 = 24,
        MinPrefixLengthV6 = 48,
        NotBefore = new(0),
        NotAfter = SampleSections.Later,
    };

    private static Blocklist List(long version, params string[] entries)
    {
        var builder = new BlocklistBuilder();
        foreach (var words in entries.Select(entry => entry.Split(' ')))
        {
            builder.Add(Prefix.Parse(words[0]), DocumentId.Parse(words[1]), SampleSections.Later);
        }

        return builder.Build(version);
    }

    private static TrustedState State(long version, BlocklistEnforcement? document, Blocklist list) => new()
    {
        TimestampVersion = version,
        Witness = "oversight.example/w1",
        Enforcement = document,
        EnforcedList = list,
    };

    private List<(string, RuleState, string?, ulong)> Receipts()
    {
        var outcomes = new List<(string, RuleState, string?, ulong)>();
        foreach (var message in _outbox.Read(_read, 1000))
        {
            _read = message.Id.Sequence;
            Assert.True(ReceiptCodec.TryDecode(message.Payload, out var receipt, out var error), error.ToString());
            outcomes.AddRange(receipt!.Rules.Select(rule => (rule.RuleId, rule.State, rule.Reason, rule.HitPackets)));
        }

        return outcomes;
    }

    /// <summary>Says what the interface can and does nothing: what is judged is not enforced.</summary>
    private sealed class Dropper : IListEnforcer
    {
        public int Capacity => 1000;

        public string Name => "xdp";

        public bool Can(MitigationStep step) => step != MitigationStep.RateLimit;

        public Task<string?> ApplyAsync(IReadOnlyList<EnforcedSection> sections, CancellationToken cancellationToken) => throw new InvalidOperationException("nothing is enforced here");

        public Task<ListReading?> ReadHitsAsync(CancellationToken cancellationToken) => throw new InvalidOperationException("nothing is enforced here");
    }
}
