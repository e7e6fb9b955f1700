using System.Globalization;
using EdgeSensors.FieldTest.Taps;
using EdgeSensors.Firmware.Tests.Run;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Firmware.Tests.Budget;

/// <summary>What the program takes of the chip besides frames: heap, flash, and the time for a refresh of the blocklist. Printed as the table of docs/field-test.md.</summary>
public sealed class ProgramBudgetTests : IDisposable
{
    private const int Entries = 50_000;
    private const int Witnesses = 2;

    private readonly TapBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void A_refresh_of_fifty_thousand_addresses_stays_within_its_budget()
    {
        using WitnessedLog log = new(NoteSigner.Create, Witnesses, entries: 1_000);
        _bench.Repository.Foundation.Publish(new RepositoryChange().SetWitnessPolicy(log.Policy(quorum: Witnesses)), _bench.Repository.Keys);
        _bench.Identity.Root = _bench.Repository.Files()["3.root.json"];
        Prove(log);
        CountedSession session = new(InstructionCounter.Load(), _bench, Entries, witnessed: true);
        session.BeginStored();
        session.Run();
        _bench.Hub.BeginConnect();
        session.BeginUpdate();
        session.Run();
        int signatures = session.Signatures, proofSignatures = session.ProofSignatures;
        long hashed = session.OctetsHashed;
        byte[] list = PublishList();
        Prove(log);
        session.Listen();
        int requests = _bench.Hub.Fetches;
        session.BeginUpdate();
        Cost cost = session.Run();

        int checkedInAll = session.Signatures - signatures + session.ProofSignatures - proofSignatures;
        Say($"refresh: {checkedInAll} signatures, {session.ProofSignatures - proofSignatures} of them of the log and {Witnesses} witnesses");
        Say($"refresh: {session.OctetsHashed - hashed} octets hashed, {_bench.Hub.Fetches - requests} requests, list of {list.Length} octets");
        Say($"refresh: {cost.Instructions} IL instructions, {cost.Calls} calls, about {Seconds(cost):F0} s on the chip (estimate, {Seconds(cost) / 2:F0} to {Seconds(cost) * 1.5:F0})");
        Say($"longest slice: {session.WorstSlice.Instructions} instructions, about {1e3 * Seconds(session.WorstSlice):F0} ms (estimate)");
        Assert.Equal(3, session.Signatures - signatures); // timestamp, snapshot, the role of blocklists
        Assert.Equal(1 + Witnesses, session.ProofSignatures - proofSignatures);
        Assert.True(cost.Instructions < 160_000_000, $"{cost.Instructions} instructions");
        Assert.True(session.WorstSlice.Instructions < 100_000, $"{session.WorstSlice.Instructions} instructions in a slice");
    }

    [Fact]
    public void The_heap_is_flat_and_fits_the_chip()
    {
        _bench.Limits.ListEntries = Entries;
        _bench.PowerOn();
        long start = HeapEstimate.Of(_bench.Tap);
        PublishList();
        long peak = start;
        object? stage = null;
        int seconds = 0;
        while (_bench.Tap.Updates.List is null || !_bench.Tap.IsMeasuring)
        {
            _bench.Tap.Step();
            _bench.Time.Advance(500_000);
            if (!Equals(stage, _bench.Tap.Updates.Stage))
            {
                stage = _bench.Tap.Updates.Stage;
                peak = Math.Max(peak, HeapEstimate.Of(_bench.Tap));
            }

            Assert.True(++seconds < 2_000_000);
        }

        // The next version of the list is made while the one before is in force.
        PublishList(version: 2);
        while (_bench.Tap.Updates.List!.Version < 2)
        {
            _bench.Tap.Step();
            _bench.Time.Advance(500_000);
            if (_bench.Tap.Updates.Stage == EdgeSensors.Firmware.Update.UpdateStage.Saving)
            {
                peak = Math.Max(peak, HeapEstimate.Of(_bench.Tap));
            }
        }

        long before = HeapEstimate.Of(_bench.Tap);
        byte[] frame = Replay.FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443);
        for (int i = 0; i < 1_000_000; i++)
        {
            frame[30] = (byte)(i >> 8);
            frame[31] = (byte)i;
            _bench.Tap.Meter.Take(frame, 0, 54, 60, _bench.Tap.Time.UnixMs);
        }

        long after = HeapEstimate.Of(_bench.Tap);
        Say($"managed heap by nanoFramework's rules: {start} octets at the start, {peak} at the peak (two lists of {Entries}), {before} and {after} before and after a million frames");
        Assert.Equal(before, after);
        Assert.True(peak < 2_000_000, $"{peak} octets");
    }

    [Fact]
    public void A_day_of_reports_wears_the_flash_little()
    {
        _bench.Until(() => _bench.Tap.IsMeasuring && !_bench.Tap.Updates.IsBusy);
        long octets = _bench.Tap.Outbox.OctetsProgrammed, sectors = _bench.Tap.Outbox.SectorsErased;
        const int Minutes = 20;
        for (int i = 0; i < Minutes * 60; i++)
        {
            for (uint j = 0; j < 4; j++)
            {
                _bench.Frame(0x0a000000 + (j * 7), 0x01000000 + (uint)((i * 4) + j), 1_000 + i, j % 2 == 0 ? 443 : 53);
            }

            _bench.Run(TimeSpan.FromSeconds(1));
        }

        double days = Minutes / 1_440.0;
        double octetsADay = (_bench.Tap.Outbox.OctetsProgrammed - octets) / days, sectorsADay = (_bench.Tap.Outbox.SectorsErased - sectors) / days;
        double years = 100_000.0 * (EdgeSensors.Firmware.Store.FlashMap.ReportsSize(_bench.Flash) / 4_096) / sectorsADay / 365;
        Say($"flash a day of minute reports: {octetsADay / 1_048_576:F1} MiB programmed, {sectorsADay:F0} sectors erased of {EdgeSensors.Firmware.Store.FlashMap.ReportsSize(_bench.Flash) / 4_096}; 100,000 cycles last {years:F0} years");
        Assert.True(octetsADay < 32 * 1_048_576);
        Assert.True(years > 20);
    }

    private static double Seconds(Cost cost) => 80 * ((cost.Instructions / 225e6) + (cost.Calls * 90e-9));

    private static void Say(FormattableString text) => TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    /// <summary>The newest timestamp is logged, and its proof lies beside it.</summary>
    private void Prove(WitnessedLog log)
    {
        byte[] timestamp = _bench.Repository.Files()["timestamp.json"];
        long version = System.Text.Json.JsonDocument.Parse(timestamp).RootElement.GetProperty("signed").GetProperty("version").GetInt64();
        _bench.Hub.Proofs[$"{version}.timestamp.tlog-proof"] = log.Prove(timestamp, _bench.Repository.Foundation.Time.GetUtcNow(), 0, 1);
    }

    private byte[] PublishList(long version = 1)
    {
        Random random = new((int)version);
        BlocklistBuilder builder = new();
        byte[] octets = new byte[4];
        HashSet<uint> seen = [];
        while (seen.Count < Entries)
        {
            random.NextBytes(octets);
            if (seen.Add(BitConverter.ToUInt32(octets)))
            {
                builder.Add(Prefix.Of(octets, 32), DocumentId.Parse("c2"), new UnixMilliseconds(_bench.Repository.NowMs + 86_400_000L * 20));
            }
        }

        byte[] list = builder.Build(version).ToSnapshot();
        _bench.Repository.Foundation.Publish(new RepositoryChange().SetTarget($"blocklists/at-most-{Entries}.snapshot", list), _bench.Repository.Keys);
        _bench.Hub.Announce();
        return list;
    }
}
