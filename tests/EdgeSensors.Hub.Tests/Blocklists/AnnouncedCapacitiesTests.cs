using EdgeSensors.Hub.Blocklists.Publish;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.Hub.Tests.Blocklists;

public sealed class AnnouncedCapacitiesTests : IDisposable
{
    private const int WholeList = 1_000_000;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-capacity-");

    private string Decisions => Path.Combine(_folder.FullName, "decisions.db");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Each_capacity_gets_a_tier_no_larger_and_whoever_has_room_for_all_or_for_nothing_none()
    {
        Assert.Empty(AnnouncedCapacities.Read(Decisions, WholeList));
        Announce(("isp-a/gw-1", 100_000), ("isp-a/gw-2", 16_384), ("isp-b/gw-1", 16_385), ("isp-b/gw-2", WholeList), ("isp-b/gw-3", 0), ("isp-b/gw-4", null), ("isp-b/gw-5", ulong.MaxValue));
        Assert.Equal([16_384, 65_536], AnnouncedCapacities.Read(Decisions, WholeList).Select(tier => tier.Capacity));
    }

    [Fact]
    public void Sensors_of_one_operator_that_name_odd_capacities_cost_nobody_else_a_tier()
    {
        Announce([("isp-a/gw-1", 16_384), ("isp-b/gw-1", 50_000), .. Enumerable.Range(0, 19).Select(i => ($"odd/s-{i:00}", (ulong?)(1ul << i)))]);
        var tiers = AnnouncedCapacities.Read(Decisions, WholeList).Select(tier => tier.Capacity).ToList();
        Assert.Equal(8, tiers.Count);
        Assert.Contains(16_384, tiers);
        Assert.Contains(32_768, tiers);

        // And what most of an operator's sensors have room for goes before what one of them has.
        Announce([.. Enumerable.Range(0, 9).Select(i => ($"many/a-{i}", (ulong?)2_048)), .. Enumerable.Range(0, 9).Select(i => ($"many/b-{i}", (ulong?)(4_096ul << i)))]);
        Assert.Contains(2_048, AnnouncedCapacities.Read(Decisions, WholeList).Select(tier => tier.Capacity));
    }

    [Fact]
    public void The_least_room_keeps_its_tier_or_whoever_has_it_gets_no_list_at_all()
    {
        // Nine first choices of as many operators, and one below what is worth a list's signature.
        Announce([("odd/gw-1", 3), .. Enumerable.Range(0, 9).Select(i => ($"isp-{i}/gw-1", (ulong?)(2_048ul << i)))]);
        var tiers = AnnouncedCapacities.Read(Decisions, WholeList).Select(tier => tier.Capacity).ToList();
        Assert.Equal([2_048, .. Enumerable.Range(2, 7).Select(i => 2_048 << i)], tiers);
    }

    private void Announce(params (string Sensor, ulong? Capacity)[] sensors)
    {
        if (!File.Exists(Decisions))
        {
            using var store = new SqliteDecisionStore(Decisions);
        }

        Assert.True(StatusCodec.TryDecode(Messages.Status(1, 1), out var status, out _));
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Decisions, Pooling = false }.ToString());
        connection.Open();
        foreach (var (sensor, capacity) in sensors)
        {
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO sensor VALUES ($name, $status, 0)";
            command.Parameters.AddWithValue("$name", sensor);
            command.Parameters.AddWithValue("$status", StatusCodec.Encode(status! with { BlocklistCapacity = capacity }));
            command.ExecuteNonQuery();
        }
    }
}
