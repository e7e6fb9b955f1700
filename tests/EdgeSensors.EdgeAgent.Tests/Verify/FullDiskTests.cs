namespace EdgeSensors.EdgeAgent.Tests.Verify;

/// <summary>Wall 5: what is taken back is taken back at once, though nothing of it can be stored; and no version goes back.</summary>
public sealed class FullDiskTests : IDisposable
{
    private const string Listed = "203.0.113.1";

    private readonly UpdateRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public async Task A_full_disk_keeps_neither_the_word_to_stop_nor_a_revocation()
    {
        await StartAsync();
        _rig.DiskIsFull = true;
        _rig.PublishRules(2, "rule-2");
        await UpdateRig.UntilAsync(() => _rig.Rules.Standing is ["rule-2"], "the rule that was taken back stands, or the new one does not");

        _rig.Hold(revision: 3);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0 && _rig.Rules.Standing.Length == 0, "everything was stopped and something stands");
        Assert.Equal("No space left on device", _rig.Loop.NotStored);
        var line = Assert.Single(_rig.Said, line => line.Contains("cannot be stored", StringComparison.Ordinal)); // at so many files and versions, once
        Assert.Contains("No space left on device", line, StringComparison.Ordinal);
        await UpdateRig.UntilAsync(() => _rig.StatusSays("updates-not-stored"), "the hub is not told");
    }

    [Fact]
    public async Task What_is_only_in_memory_does_not_go_back()
    {
        await StartAsync();
        var replay = _rig.Replay();
        _rig.DiskIsFull = true;
        _rig.Hold(revision: 2);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "the word to stop is not obeyed");

        var stored = _rig.StoredVersion;
        replay();
        _rig.Loop.Announce();
        await UpdateRig.UntilAsync(() => _rig.Said.Any(line => line.Contains($"version {stored} is older than the trusted", StringComparison.Ordinal)), "an older timestamp is not refused");
        Assert.True(_rig.Loop.State.TimestampVersion > stored);
        Assert.True(_rig.Loop.State.ListsHeld);
        Assert.Empty(_rig.Kernel.Standing);
        Assert.Empty(_rig.Rules.Standing);
    }

    [Fact]
    public async Task When_there_is_room_again_it_is_stored_and_said_though_nothing_is_new()
    {
        await StartAsync();
        _rig.DiskIsFull = true;
        _rig.Hold(revision: 2);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "the word to stop is not obeyed");
        Assert.True(_rig.StoredVersion < _rig.Loop.State.TimestampVersion);

        _rig.DiskIsFull = false; // and nobody gives notice
        await UpdateRig.UntilAsync(() => _rig.Loop.NotStored is null, "it is not tried again");
        Assert.Equal(_rig.Loop.State.TimestampVersion, _rig.StoredVersion);
        await UpdateRig.UntilAsync(() => _rig.Said.Contains("updates are stored again") && _rig.StatusSays("biflow") && !_rig.StatusSays("updates-not-stored"), "it is not said");

        // A start that does not reach the hub has it all.
        _rig.Line.IsCut = true;
        _rig.Start();
        await UpdateRig.UntilAsync(() => _rig.Loop.State.Rules?.Revision == 2, "what is stored is not read");
        Assert.True(_rig.Loop.State.ListsHeld);
    }

    [Fact]
    public async Task After_a_restart_with_the_disk_still_full_the_hub_is_asked_and_followed()
    {
        await StartAsync();
        _rig.DiskIsFull = true;
        _rig.Hold(revision: 2);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0, "the word to stop is not obeyed");
        var version = _rig.Loop.State.TimestampVersion;

        _rig.Start();
        await UpdateRig.UntilAsync(() => _rig.Loop.State.TimestampVersion == version, "the hub is not followed");
        Assert.True(_rig.Loop.State.ListsHeld);
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing.Length == 0 && _rig.Rules.Standing.Length == 0, "everything was stopped and something stands");
    }

    private async Task StartAsync()
    {
        _rig.PublishRules(1, "rule-1", "rule-2");
        _rig.Start();
        await UpdateRig.UntilAsync(() => _rig.Kernel.Standing is [Listed] && _rig.Rules.Standing.Length == 2, "the first list and rules are not enforced");
        Assert.Null(_rig.Loop.NotStored);
    }
}
