using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>The program, from an enrolled tap out of the box to reports that the hub has committed.</summary>
public sealed class TapTests : IDisposable
{
    private readonly TapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Out_of_the_box_it_fetches_its_authorisation_and_list_reports_and_alerts()
    {
        _bench.PublishList(1, "203.0.113.7", "198.51.100.0/24", "2001:db8::/32");
        _bench.Until(() => _bench.Tap.IsMeasuring);
        Assert.Equal(1, _bench.Tap.Updates.List!.Version);
        Assert.Equal(3, _bench.Tap.Updates.List.Count);
        Run(seconds: 70, frames: 200);
        _bench.Until(() => _bench.Hub.Reports.Any(r => r.Total is { Packets: > 0 }));

        ReportMessage report = _bench.Hub.Reports.First(r => r.Total is { Packets: > 0 });
        Assert.Equal("auth-2", report.AuthorizationId);
        Assert.Equal(1U, report.Measurement.SamplingSize);
        StatusMessage status = _bench.Hub.Statuses[^1];
        Assert.Equal(SensorKind.Tap, status.Kind);
        Assert.Equal("auth-2", status.Authorization!.Id);
        Assert.Equal(1UL, status.BlocklistVersion);
        Assert.Equal((ulong)_bench.Tap.Updates.Tuf.TimestampVersion, status.TimestampVersion);
        Assert.Contains(_bench.Hub.Receipts, r => r.Refusal is null);

        // Contacts with listed addresses: one alert each, at once, the own end hidden.
        _bench.Frame(0x0a000005, 0xcb007107, 40_000, 443);
        _bench.Frame(0x0a000005, 0xcb007107, 40_001, 443);
        _bench.Frame(0xc6336412, 0x0a000006, 40_002, 22);
        _bench.Until(() => _bench.Hub.Alerts.Count == 2, seconds: 5);
        Assert.All(_bench.Hub.Alerts, a => Assert.Equal(DetectorKind.Listed, a.Detector));
        Assert.Equal(["T1071", "T1595"], _bench.Hub.Alerts.Select(a => a.Technique));
        _bench.Until(() => _bench.Hub.Reports[^1].Flows.Count > 0);
        Assert.Equal(3, _bench.Hub.Reports[^1].Flows.Count);
        Assert.Equal(TapCondition.AtWork, _bench.Shown);
        _bench.Until(() => _bench.Tap.Outbox.Waiting == 0);
        Assert.Equal(_bench.Hub.Committed.Count, _bench.Hub.Arrived);
    }

    [Fact]
    public void A_scan_and_a_flood_are_told_of()
    {
        _bench.Until(() => _bench.Tap.IsMeasuring);
        for (int port = 1; port <= 60; port++)
        {
            _bench.Frame(0xcb007109, 0x0a000001, 50_000, port);
            _bench.Run(TimeSpan.FromMilliseconds(50));
        }

        _bench.Until(() => _bench.Hub.Alerts.Count > 0, seconds: 20);
        AlertMessage scan = _bench.Hub.Alerts[0];
        Assert.Equal(DetectorKind.PortFanOut, scan.Detector);
        Assert.Equal("T1595.002", scan.Technique);
        Assert.InRange(scan.Evidence.DistinctPorts, 20UL, 60UL);

        for (int i = 0; i < 6_000; i++)
        {
            _bench.Frame(0xcb000000u + (uint)(i * 7919 % 60_000), 0x0a000002, 1_024 + (i % 60_000), 443);
            _bench.Tap.Step();
            _bench.Time.Advance(500_000);
        }

        _bench.Until(() => _bench.Hub.Alerts.Any(a => a.Detector == DetectorKind.Flood), seconds: 20);
    }

    [Fact]
    public void Without_an_authorisation_only_health_leaves_and_no_frame_is_read()
    {
        _bench.Repository.Foundation.Publish(new RepositoryChange().RemoveTarget(Tests.Trust.UpdatedRepository.AuthorizationPath), _bench.Repository.Keys);
        long crossed = 0;
        _bench.Ethernet.OnOctetRead = _ => crossed++;
        Run(seconds: 130, frames: 100);
        Assert.NotEmpty(_bench.Hub.Reports);
        Assert.All(_bench.Hub.Reports, r => Assert.True(r.AuthorizationId is null && r.Total is null && r.Measurement.DroppedPackets is null));
        Assert.Null(_bench.Hub.Statuses[^1].Authorization);
        Assert.Equal(0, crossed);
        Assert.Equal(TapCondition.HealthOnly, _bench.Shown);
    }

    [Fact]
    public void The_owner_takes_the_consent_back_at_the_button_and_gives_it_again_through_a_restart()
    {
        _bench.Until(() => _bench.Tap.IsMeasuring);
        _bench.Pressed = ButtonAction.ToggleConsent;
        _bench.Until(() => !_bench.Tap.IsMeasuring, seconds: 5);
        _bench.Run(TimeSpan.FromSeconds(5));
        _bench.PowerOn();
        _bench.Run(TimeSpan.FromSeconds(90));
        Assert.False(_bench.Tap.IsMeasuring);
        Assert.Equal(TapCondition.ConsentWithdrawn, _bench.Shown);
        Assert.Null(_bench.Hub.Statuses[^1].Authorization);
        _bench.Pressed = ButtonAction.ToggleConsent;
        _bench.Until(() => _bench.Tap.IsMeasuring, seconds: 5);
    }

    [Fact]
    public void With_the_hub_away_it_starts_from_flash_keeps_its_reports_and_sends_them_later()
    {
        _bench.PublishList(3, "203.0.113.7");
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Outbox.Waiting == 0);
        ulong before = _bench.Hub.Committed.Keys.Max();
        _bench.Hub.IsReachable = false;
        _bench.Hub.Disconnect();
        _bench.PowerOn();
        _bench.Until(() => _bench.Tap.IsMeasuring);
        Assert.Equal(3, _bench.Tap.Updates.List!.Version);
        Run(seconds: 200, frames: 300);
        Assert.Equal(before, _bench.Hub.Committed.Keys.Max());
        Assert.True(_bench.Tap.Outbox.Waiting >= 3);
        Assert.Equal(TapCondition.HubAway, _bench.Shown);
        _bench.Hub.IsReachable = true;
        _bench.Until(() => _bench.Tap.Outbox.Waiting == 0);
        Assert.Equal(Enumerable.Range(1, _bench.Hub.Committed.Count).Select(i => (ulong)i), _bench.Hub.Committed.Keys);
        Assert.True(_bench.Hub.Reports.Count(r => r.Total is { Packets: > 0 }) >= 3);
    }

    [Fact]
    public void A_clock_below_the_floor_is_not_believed_and_nothing_is_measured()
    {
        _bench.Until(() => _bench.Tap.IsMeasuring && !_bench.Tap.Updates.IsBusy);
        long floor = _bench.Tap.Time.FloorMs;
        Assert.InRange(floor, _bench.Repository.NowMs - 3_600_000, _bench.Repository.NowMs);
        _bench.Run(TimeSpan.FromSeconds(5));
        _bench.ClockErrorMs = -86_400_000L * 30;
        _bench.PowerOn();
        _bench.Run(TimeSpan.FromSeconds(100));
        Assert.True(_bench.Tap.Time.IsRefused);
        Assert.False(_bench.Tap.IsMeasuring);
        _bench.ClockErrorMs = 0;
        _bench.Until(() => _bench.Tap.IsMeasuring, seconds: 5);
    }

    [Fact]
    public void A_clock_that_is_set_right_in_the_middle_ends_the_window_or_moves_within_it()
    {
        _bench.Until(() => _bench.Tap.IsMeasuring);
        _bench.ClockErrorMs = -1_500;
        Run(seconds: 5, frames: 50);
        _bench.ClockErrorMs = 3_600_000;
        Run(seconds: 70, frames: 100);
        _bench.Until(() => _bench.Hub.Reports.Any(r => r.Measurement.PreviousWindowLost), seconds: 200);
        Assert.All(_bench.Hub.Reports, r => Assert.True(r.WindowStart.Value < r.WindowEnd.Value));
    }

    [Fact]
    public void A_tampered_update_is_refused_told_of_once_and_changes_nothing()
    {
        _bench.PublishList(1, "203.0.113.7");
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Updates.List is not null);
        _bench.Hub.Tamper = (name, file) =>
        {
            if (!name.EndsWith("blocklists.json", StringComparison.Ordinal))
            {
                return file;
            }

            byte[] wrong = [.. file];
            wrong[^30] ^= 1;
            return wrong;
        };
        _bench.PublishList(2, "203.0.113.8");
        _bench.Until(() => _bench.Hub.Receipts.Any(r => r.Refusal == "tuf-hash-mismatch"));
        _bench.Run(TimeSpan.FromSeconds(100));
        Assert.Equal(1, _bench.Hub.Receipts.Count(r => r.Refusal is not null));
        Assert.Equal(1, _bench.Tap.Updates.List!.Version);
        _bench.Hub.Tamper = null;
        _bench.Until(() => _bench.Tap.Updates.List!.Version == 2);
    }

    [Fact]
    public void A_timestamp_whose_place_in_flash_was_spoilt_by_the_next_one_is_not_put_in_force()
    {
        Refuse(list: 2, "snapshot.json", TufFault.HashMismatch);
        byte[] kept = File.ReadAllBytes(Path.Combine(_bench.Repository.Foundation.Repository.MetadataDirectory, "timestamp.json"));
        WearOut(TufClient.Timestamp);
        _bench.PublishList(3, "203.0.113.9");
        _bench.Until(() => _bench.Tap.Updates.Fault == TufFault.Store);

        // The one that was kept is no news to the client, but lies in flash no more.
        _bench.Hub.Tamper = (name, file) => name == "timestamp.json" ? kept : file;
        LookAgain();
        StartsFromFlash(list: 1);
    }

    [Fact]
    public void A_root_whose_place_in_flash_was_spoilt_by_the_next_one_is_not_put_in_force()
    {
        _bench.PublishList(1, "203.0.113.7");
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Updates.List is not null && !_bench.Tap.Updates.IsBusy);
        int rooted = (int)_bench.Tap.Updates.Tuf.RootVersion;
        EdgeSensors.Trust.Keys.SigningKey timestamp = EdgeSensors.Trust.Keys.SigningKey.Create();
        _bench.Repository.Keys.Add(timestamp);
        _bench.Repository.Foundation.Publish(new RepositoryChange().ReplaceKeys("timestamp", [timestamp.PublicKey], 1), _bench.Repository.Keys);
        _bench.Hub.Tamper = (name, file) => name == "timestamp.json" ? [.. file[..^1], (byte)'!'] : file;
        _bench.Hub.Announce();
        _bench.Until(() => _bench.Tap.Updates.Tuf.RootVersion == rooted + 1 && !_bench.Tap.Updates.IsBusy);
        WearOut(TufClient.Root);
        _bench.Repository.Foundation.Publish(new RepositoryChange().Renew("root"), _bench.Repository.Keys);
        _bench.Until(() => _bench.Tap.Updates.Fault == TufFault.Store);
        _bench.Hub.Tamper = (name, file) => name == $"{rooted + 2}.root.json" ? [] : file;
        LookAgain();
        StartsFromFlash(list: 1);
    }

    [Theory]
    [InlineData("snapshot.json")]
    [InlineData(".snapshot")]
    public void A_list_that_is_read_again_puts_nothing_in_force_of_an_update_that_was_refused(string altered)
    {
        Refuse(list: 2, altered, TufFault.HashMismatch);
        int completed = _bench.Tap.Updates.Completed;
        _bench.Tap.Updates.BeginReload();
        _bench.Until(() => _bench.Tap.Updates.Completed > completed);
        StartsFromFlash(list: 1);
    }

    [Fact]
    public void A_newer_list_is_made_from_a_delta_and_fetched_whole_where_the_delta_is_wrong()
    {
        _bench.PublishList(1, "203.0.113.7", "203.0.113.9");
        _bench.Until(() => _bench.Tap.Updates.List is not null);
        _bench.PublishDelta(2, 1, ["203.0.113.7", "203.0.113.9"], ["203.0.113.7", "203.0.113.8"]);
        _bench.Until(() => _bench.Tap.Updates.List!.Version == 2);
        Assert.Equal(1, _bench.Tap.Updates.DeltasApplied);
        _bench.Hub.Tamper = (name, file) => name.EndsWith(".delta", StringComparison.Ordinal) ? [.. file[..^1], (byte)(file[^1] ^ 0x40)] : file;
        _bench.PublishDelta(3, 2, ["203.0.113.7", "203.0.113.8"], ["203.0.113.8"]);
        _bench.Until(() => _bench.Tap.Updates.List!.Version == 3);
        Assert.Equal(1, _bench.Tap.Updates.DeltasApplied);
        Assert.Equal(1, _bench.Tap.Updates.List!.Count);
        Assert.All(_bench.Hub.Receipts, r => Assert.Null(r.Refusal));
    }

    [Fact]
    public void Every_octet_of_the_signed_documents_altered_is_refused()
    {
        _bench.PublishList(1, "203.0.113.7");
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Updates.List is not null && !_bench.Tap.Updates.IsBusy);
        Firmware.Update.UpdateSession updates = _bench.Tap.Updates;
        Firmware.Select.AuthorizationReader inForce = updates.Authorization!;
        _bench.Repository.Foundation.Publish(new RepositoryChange().Set(_bench.Repository.Authorization(3)), _bench.Repository.Keys);
        _bench.PublishList(2, "203.0.113.8", "203.0.113.9");
        foreach (string name in (string[])["edge-01.json", "at-most-1000.snapshot"])
        {
            int at = 0;
            int length;
            do
            {
                length = 0;
                _bench.Hub.Tamper = (file, octets) =>
                {
                    if (file != name)
                    {
                        return octets;
                    }

                    length = octets.Length;
                    byte[] wrong = [.. octets];
                    wrong[at] ^= 1;
                    return wrong;
                };
                Drive(updates);
                Assert.Equal(Firmware.Trust.TufFault.HashMismatch, updates.Fault);
                Assert.Same(inForce, updates.Authorization);
                Assert.Equal(1, updates.List!.Version);
                at++;
            }
            while (at < length);
            Assert.True(at > 60 && at == length);
        }

        _bench.Hub.Tamper = null;
        Drive(updates);
        Assert.Equal("auth-3", updates.Authorization!.Id);
        Assert.Equal(2, updates.List!.Version);
    }

    private void Drive(Firmware.Update.UpdateSession updates)
    {
        Listen(updates);
        updates.BeginUpdate();
        while (updates.IsBusy)
        {
            updates.Step();
            Listen(updates);
        }
    }

    private void Listen(Firmware.Update.UpdateSession updates)
    {
        while (_bench.Hub.TryReceive(out HubTopic topic, out byte[] payload))
        {
            if (topic == HubTopic.Chunk)
            {
                updates.TakeChunk(payload);
            }
            else if (topic == HubTopic.Timestamp)
            {
                updates.Announce(payload);
            }
        }
    }

    [Fact]
    public void When_it_is_opened_or_too_hot_the_relay_cuts_the_port()
    {
        _bench.Until(() => _bench.IsPortConnected);
        _bench.Sixteenths = 66 * 16;
        _bench.Until(() => !_bench.IsPortConnected, seconds: 3);
        _bench.Sixteenths = 62 * 16;
        _bench.Run(TimeSpan.FromSeconds(3));
        Assert.False(_bench.IsPortConnected);
        _bench.Sixteenths = 59 * 16;
        _bench.Until(() => _bench.IsPortConnected, seconds: 3);
        _bench.IsTampered = true;
        _bench.Until(() => !_bench.IsPortConnected, seconds: 3);
        Assert.Equal(TapCondition.Tampered, _bench.Shown);
    }

    [Fact]
    public void An_acknowledgement_that_does_not_come_brings_the_messages_again_and_none_is_counted_twice()
    {
        _bench.Hub.Acknowledges = false;
        Run(seconds: 200, frames: 50);
        int distinct = _bench.Hub.Committed.Count;
        Assert.True(_bench.Hub.Arrived > distinct);
        Assert.True(_bench.Tap.Outbox.Waiting >= distinct);
        _bench.Hub.Acknowledges = true;
        _bench.Until(() => _bench.Tap.Outbox.Waiting == 0);
    }

    private void Run(int seconds, int frames)
    {
        for (int i = 0; i < frames; i++)
        {
            _bench.Frame(0x0a000001, 0x01020304, 1_000 + (i % 50), 443);
            _bench.Run(TimeSpan.FromMilliseconds(1_000.0 * seconds / frames));
        }
    }

    /// <summary>A first list is in force; of the update to the next one a file comes altered.</summary>
    private void Refuse(int list, string altered, TufFault fault)
    {
        _bench.PublishList(list - 1, "203.0.113.7");
        _bench.Until(() => _bench.Tap.IsMeasuring && _bench.Tap.Updates.List is not null && !_bench.Tap.Updates.IsBusy);
        _bench.Hub.Tamper = (name, file) => name.EndsWith(altered, StringComparison.Ordinal) ? [.. file[..^30], (byte)(file[^30] ^ 1), .. file[^29..]] : file;
        _bench.PublishList(list, "203.0.113.8");
        _bench.Until(() => _bench.Tap.Updates.Fault == fault);
        _bench.Hub.Tamper = null;
    }

    /// <summary>The hub's word makes the tap look, and it is done.</summary>
    private void LookAgain()
    {
        _bench.Hub.Announce();
        _bench.Until(() => _bench.Tap.Updates.HasNews);
        _bench.Until(() => !_bench.Tap.Updates.HasNews && !_bench.Tap.Updates.IsBusy);
    }

    /// <summary>The half of a slot that is not in force takes nothing any more.</summary>
    private void WearOut(int slot)
    {
        TapState state = new(_bench.Flash);
        Assert.True(state.TryLoad());
        int from = FlashMap.AddressOf(slot, 1 - state.Halves[slot]) / FlashGeometry.SectorSize;
        _bench.Flash.Worn.UnionWith(Enumerable.Range(from, FlashMap.HalfSize(slot) / FlashGeometry.SectorSize));
    }

    private void StartsFromFlash(int list)
    {
        _bench.Hub.IsReachable = false;
        _bench.PowerOn();
        _bench.Until(() => _bench.Tap.IsMeasuring, seconds: 100);
        Assert.Equal(list, _bench.Tap.Updates.List!.Version);
    }
}
