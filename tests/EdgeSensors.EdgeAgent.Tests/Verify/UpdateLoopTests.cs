using EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>Wall 5: what is taken back is taken back at once, whatever becomes of lists.</summary>
public sealed class UpdateLoopTests : IDisposable
{
    private const string Wrong = "203.0.113.1";
    private const string Right = "203.0.113.2";

    private readonly UpdateRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Theory]
    [InlineData(FetchStatus.Unreachable)]
    [InlineData(FetchStatus.TooSlow)]
    [InlineData(null)] // it comes, and the disk is full
    public async Task A_list_that_cannot_be_brought_keeps_neither_the_word_to_stop_nor_rules_that_were_taken_back(FetchStatus? list)
    {
        await StartAsync();
        _rig.Line.Lists = _ => Task.FromResult(list is { } status ? new FetchOutcome(status, default, "played") : (FetchOutcome?)null);
        _rig.DiskIsFull = list is null;
        _rig.PublishList(2, Right);
        await UpdateRig.UntilAsync(() => _rig.Line.ListsAsked == 2, "the corrected list is not asked for");
        Assert.Equal([Wrong], _rig.Kernel.Standing);

        _rig.Hold(revision: 7);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "the wrong list stands though everything was stopped");
        Assert.Equal((true, 7), (_rig.Loop.State.ListsHeld, _rig.Loop.State.Rules!.Revision));

        // Released, the wrong list does not come back: it is not what is signed.
        var held = _rig.Loop.State.TimestampVersion;
        _rig.Release();
        await UpdateRig.UntilAsync(() => _rig.Loop.State.TimestampVersion > held, "the release is not taken");
        Assert.Empty(_rig.Kernel.Standing);
        (_rig.Line.Lists, _rig.DiskIsFull) = (null, false);
        _rig.Loop.Announce();
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing is [Right], "the corrected list does not come");
        Assert.Equal(MissingPart.Nothing, _rig.Loop.State.Missing);
    }

    [Fact]
    public async Task A_notice_does_not_wait_for_a_list_that_drips_and_the_list_goes_on_coming()
    {
        await StartAsync();
        var drip = new TaskCompletionSource<FetchOutcome?>();
        _rig.Line.Lists = cancel => drip.Task.WaitAsync(cancel);
        _rig.PublishList(2, Right);
        await UpdateRig.UntilAsync(() => _rig.Line.ListsAsked == 2, "the corrected list is not asked for");

        _rig.Hold(revision: 7);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "the word to stop waits for the list");
        Assert.Equal(7, _rig.Loop.State.Rules!.Revision);
        _rig.Line.Lists = null;
        drip.SetResult(null);
        await UpdateRig.UntilAsync(() => _rig.Loop.State is { Missing: MissingPart.Nothing, Blocklist.Version: 2 }, "the list that dripped is not taken");
        Assert.Equal((2, 0), (_rig.Line.ListsAsked, _rig.Kernel.Standing.Length)); // the same download
        _rig.Release();
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing is [Right], "what was released does not come back");
    }

    [Fact]
    public async Task A_newer_list_takes_the_place_of_one_that_drips()
    {
        await StartAsync();
        _rig.Line.Lists = async cancel =>
        {
            await Task.Delay(Timeout.Infinite, cancel);
            return null;
        };
        _rig.PublishList(2, Wrong, Right);
        await UpdateRig.UntilAsync(() => _rig.Line.ListsAsked == 2, "the list is not asked for");
        _rig.Line.Lists = null;
        _rig.PublishList(3, Right);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing is [Right], "the newest list waits for one that is outdated");
    }

    [Fact]
    public async Task Killed_before_the_list_came_the_next_start_keeps_the_word_to_stop_and_brings_the_list_though_nothing_is_new()
    {
        await StartAsync();
        _rig.Line.Lists = _ => Task.FromResult<FetchOutcome?>(new FetchOutcome(FetchStatus.Unreachable, default, "played"));
        _rig.PublishList(2, Right);
        _rig.Hold(revision: 7);
        await UpdateRig.UntilAsync(() => _rig.Loop.State.ListsHeld, "the word to stop is not taken");
        var version = _rig.Loop.State.TimestampVersion;

        _rig.Start();
        await UpdateRig.UntilAsync(() => _rig.Loop.State.TimestampVersion is not null, "what is stored is not read");
        Assert.Equal((version, true, 7, (long?)null), (_rig.Loop.State.TimestampVersion, _rig.Loop.State.ListsHeld, _rig.Loop.State.Rules!.Revision, _rig.Loop.State.Blocklist?.Version));
        Assert.Empty(_rig.Kernel.Standing);
        _rig.Line.Lists = null;
        await UpdateRig.UntilAsync(() => _rig.Loop.State.Blocklist?.Version == 2, "the list is not brought");
        Assert.Equal((version, true), (_rig.Loop.State.TimestampVersion, _rig.Loop.State.ListsHeld));
    }

    [Fact]
    public async Task Until_its_list_is_here_a_document_ends_what_it_does_not_say_and_begins_nothing()
    {
        await StartAsync();
        _rig.Line.Lists = _ => Task.FromResult<FetchOutcome?>(new FetchOutcome(FetchStatus.Unreachable, default, "played"));
        _rig.PublishList(2, Right);
        _rig.Publish(new RepositoryChange().RemoveTarget(TargetNames.BlocklistEnforcement));
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "what was signed away stands");

        var off = _rig.Loop.State.TimestampVersion;
        _rig.Publish(new RepositoryChange().SetTarget(TargetNames.BlocklistEnforcement, (UpdateRig.Document() with { Version = 2 }).ToCanonicalJson()));
        await UpdateRig.UntilAsync(() => _rig.Loop.State.TimestampVersion > off, "the document is not taken");
        Assert.Empty(_rig.Kernel.Standing); // it was signed for the list that is not here

        var (c2, scan, spam) = (Category("c2", MitigationStep.Drop), Category("scan", MitigationStep.Observe), Category("spam", MitigationStep.Drop));
        var before = UpdateRig.Document() with { Categories = [c2, scan], NotAfter = new(2000) };
        var both = InterimEnforcement.Of(UpdateRig.Document() with { Categories = [scan with { Step = MitigationStep.Drop }, spam, c2 with { Direction = SlpfDirection.Egress }], MaxEntries = 5, NotAfter = new(3000) }, before)!;
        Assert.Equal([scan], both.Categories);
        Assert.Equal((5, new UnixMilliseconds(2000)), (both.MaxEntries, both.NotAfter));
        Assert.Null(InterimEnforcement.Of(UpdateRig.Document() with { Categories = [spam] }, before));
    }

    private static EnforcedCategory Category(string name, MitigationStep step) => new(DocumentId.Parse(name), step, SlpfDirection.Ingress);

    private async Task StartAsync()
    {
        _rig.Start();
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing is [Wrong], "the first list is not enforced");
    }
}
