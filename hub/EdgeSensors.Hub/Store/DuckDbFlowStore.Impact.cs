using System.Globalization;
using DuckDB.NET.Data;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Store;

/// <content>What a measure would have hit, asked on a connection of its own, so that reports go on coming in meanwhile.</content>
internal sealed partial class DuckDbFlowStore
{
    /// <summary>The longest that an estimate takes; then it says that it does not know.</summary>
    public static readonly TimeSpan ImpactPatience = TimeSpan.FromSeconds(2);

    // Distinct addresses of a wide target, and prefixes inside it, that are looked at.
    private const int MaxImpactAddresses = 65_536;
    private const int MaxImpactSensors = 64;
    private const int MaxImpactServices = 16;

    public ImpactEstimate Estimate(ImpactQuestion question)
    {
        var nothing = new ImpactEstimate { At = question.Since, Window = TimeSpan.Zero };
        try
        {
            using var connection = Connection();
            connection.Open();
            using var study = new Study(connection, question);
            using var patience = new Timer(_ => study.GiveUp(), null, _impactPatience, Timeout.InfiniteTimeSpan);
            return study.Run(nothing);
        }
        catch (Exception e) when (e is DuckDBException or OperationCanceledException)
        {
            return nothing with { IsKnown = false };
        }
    }

    private sealed class Study(DuckDBConnection connection, ImpactQuestion question) : IDisposable
    {
        private readonly Lock _gate = new();
        private readonly List<string> _unknown = [];
        private DuckDBCommand? _running;
        private bool _givenUp;

        public ImpactEstimate Run(ImpactEstimate nothing)
        {
            var sensors = ReadSensors();
            if (sensors.Count == 0)
            {
                return nothing with { Unknown = ["anything, since no sensor in scope reported"] };
            }

            var addresses = question.Target.IsSingleAddress ? [question.Target.ToString()] : ReadAddresses(sensors);
            var estimate = addresses.Count == 0 ? nothing : ReadFlows(nothing, addresses, sensors);
            var (inside, around) = ReadPrefixes(sensors);
            _unknown.Insert(0, "flows that nothing picked");
            if (question.Peer is { } peer)
            {
                _unknown.Add($"which of them were with {peer}");
            }

            return estimate with
            {
                // A busy prefix inside the target is hit whole; what was picked of it is part of that.
                Flows = Math.Max(estimate.Flows, inside.Flows),
                Packets = Math.Max(estimate.Packets, inside.Packets),
                Octets = Math.Max(estimate.Octets, inside.Octets),
                OwnEnds = Math.Max(estimate.OwnEnds, inside.OwnAddresses),
                Sensors = Merge(estimate.Sensors, inside.Sensors),
                Neighbourhood = around,
                Unknown = _unknown,
            };
        }

        public void GiveUp()
        {
            lock (_gate)
            {
                _givenUp = true;
                _running?.Cancel();
            }
        }

        public void Dispose()
        {
            lock (_gate)
            {
                _running = null;
            }
        }

        // Which sensors in scope reported at all, and what their reports leave open.
        private List<string> ReadSensors()
        {
            var sensors = Query(
                """
                SELECT sensor, SUM(COALESCE(dropped, 0))::DOUBLE, BOOL_OR(dropped IS NULL AND packets > 0), COUNT(*) FILTER (previous_lost), SUM(out_of_scope)::DOUBLE,
                       SUM(below_k)::DOUBLE, SUM(domestic)::DOUBLE, BOOL_OR(authorization_id IS NULL), MIN(received_at)
                FROM window_total WHERE received_at >= $since GROUP BY sensor
                """,
                row => (
                    Sensor: row.GetString(0), Dropped: row.GetDouble(1), DropsUnknown: row.GetBoolean(2), Lost: row.GetInt64(3), OutOfScope: row.GetDouble(4),
                    BelowK: row.GetDouble(5), Domestic: row.GetDouble(6), Unauthorized: row.GetBoolean(7), First: row.GetInt64(8)),
                ("since", question.Since.Value)).Where(row => IsAsked(row.Sensor)).ToList();
            if (sensors.Count == 0)
            {
                return [];
            }

            Note(sensors.Sum(s => s.Dropped), "dropped packets");
            Note(sensors.Count(s => s.DropsUnknown), "sensors' dropped packets, which they cannot count");
            Note(sensors.Sum(s => s.Lost), "windows that were lost");
            Note(sensors.Sum(s => s.OutOfScope), "picked flows that no authorisation covers");
            Note(sensors.Sum(s => s.BelowK), "times a busy prefix that too few own addresses spoke with");
            Note(sensors.Sum(s => s.Domestic), "domestic packets");
            Note(sensors.Count(s => s.Unauthorized), "sensors' traffic while they had no authorisation");
            var late = sensors.Min(s => s.First);
            if (late - question.Since.Value > 600_000)
            {
                _unknown.Add(string.Create(CultureInfo.InvariantCulture, $"anything before {DateTimeOffset.FromUnixTimeMilliseconds(late):yyyy-MM-dd HH:mm} UTC"));
            }

            return [.. sensors.Select(s => s.Sensor)];
        }

        // Text narrows the search, the prefix decides.
        private List<string> ReadAddresses(List<string> sensors)
        {
            var found = Query(
                """
                SELECT DISTINCT address FROM (
                  SELECT source AS address, sensor FROM flow WHERE received_at >= $since AND starts_with(source, $text)
                  UNION ALL SELECT destination, sensor FROM flow WHERE received_at >= $since AND starts_with(destination, $text))
                WHERE sensor IN (SELECT unnest($sensors)) ORDER BY address LIMIT $max
                """,
                row => row.GetString(0),
                ("since", question.Since.Value), ("text", CommonText(question.Target)), ("sensors", sensors), ("max", MaxImpactAddresses));
            if (found.Count == MaxImpactAddresses)
            {
                _unknown.Add($"addresses beyond the first {MaxImpactAddresses}");
            }

            return [.. found.Where(text => Prefix.TryParse(text, out var address) && question.Target.Contains(address))];
        }

        private ImpactEstimate ReadFlows(ImpactEstimate nothing, List<string> addresses, List<string> sensors)
        {
            var rows = Query(
                $"""
                WITH target AS (SELECT unnest($addresses) AS address), asked AS (SELECT unnest($sensors) AS sensor),
                touched AS (
                  SELECT *, source IN (SELECT address FROM target) AS opened FROM flow
                  WHERE received_at >= $since AND sensor IN (SELECT sensor FROM asked)
                    AND (source IN (SELECT address FROM target) OR destination IN (SELECT address FROM target)) AND ($protocol < 0 OR protocol = $protocol)),
                picked AS (
                  SELECT f.sensor, f.protocol, f.destination_port AS port, f.packets + f.reverse_packets AS packets, f.octets + f.reverse_octets AS octets,
                         1 / COALESCE(NULLIF(w.sampling, 0), 1) AS scale,
                         CASE WHEN f.direction <> {(int)TrafficDirection.Transit} THEN CASE WHEN opened THEN f.destination ELSE f.source END END AS own
                  FROM touched f LEFT JOIN window_total w ON w.inbox_row = f.inbox_row AND w.received_at >= $since
                  WHERE ($target_port < 0 OR CASE WHEN opened THEN f.source_port ELSE f.destination_port END = $target_port)
                    AND ($peer_port < 0 OR CASE WHEN opened THEN f.destination_port ELSE f.source_port END = $peer_port))
                SELECT grouping_id(sensor, protocol) AS level, sensor, protocol, port, COUNT(*), COUNT(DISTINCT own), SUM(packets * scale)::DOUBLE, SUM(octets * scale)::DOUBLE
                FROM picked GROUP BY GROUPING SETS ((), (sensor), (protocol, port))
                QUALIFY row_number() OVER (PARTITION BY level ORDER BY SUM(packets * scale) DESC, sensor, protocol, port) <= {MaxImpactSensors}
                ORDER BY level, 7 DESC, sensor, protocol, port
                """,
                row => (
                    Level: row.GetInt64(0), Sensor: row.IsDBNull(1) ? "" : row.GetString(1), Protocol: row.IsDBNull(2) ? 0 : row.GetByte(2),
                    Port: row.IsDBNull(3) ? 0 : row.GetFieldValue<ushort>(3), Flows: row.GetInt64(4), Own: row.GetInt64(5),
                    Packets: row.IsDBNull(6) ? 0 : row.GetDouble(6), Octets: row.IsDBNull(7) ? 0 : row.GetDouble(7)),
                ("since", question.Since.Value), ("addresses", addresses), ("sensors", sensors), ("protocol", (int?)question.Protocol ?? -1), 
                ("target_port", question.TargetPort ?? -1), ("peer_port", question.PeerPort ?? -1));
            var whole = rows.Single(row => row.Level == 3); // neither by sensor nor by protocol
            return nothing with
            {
                Flows = whole.Flows,
                Packets = whole.Packets,
                Octets = whole.Octets,
                OwnEnds = whole.Own,
                Sensors = [.. rows.Where(row => row.Level == 1).Select(row => new SensorImpact(row.Sensor, row.Flows, row.Packets, row.Octets, row.Own))],
                Services = [.. rows.Where(row => row.Level == 2).Take(MaxImpactServices).Select(row => new ServiceImpact(row.Protocol, row.Port, row.Flows, row.Packets, row.Octets))],
            };
        }

        // The busiest prefixes: those inside the target, or the one around it. They say nothing of ports.
        private ((long Flows, double Packets, double Octets, long OwnAddresses, List<SensorImpact> Sensors) Inside, NeighbourhoodImpact? Around) ReadPrefixes(List<string> sensors)
        {
            var target = question.Target;
            Span<byte> octets = stackalloc byte[16];
            var around = Prefix.Of(octets[..target.CopyAddress(octets)], Math.Min(target.Length, target.IsIPv4 ? 24 : 48));
            var rows = Query(
                """
                SELECT c.prefix, c.sensor, SUM(c.flows)::DOUBLE, SUM(c.packets / COALESCE(NULLIF(w.sampling, 0), 1))::DOUBLE,
                       SUM(c.octets / COALESCE(NULLIF(w.sampling, 0), 1))::DOUBLE, MAX(c.key1)::BIGINT
                FROM window_count c LEFT JOIN window_total w ON w.inbox_row = c.inbox_row AND w.received_at >= $since
                WHERE c.received_at >= $since AND c.kind = 'prefix' AND starts_with(c.prefix, $text) AND c.sensor IN (SELECT unnest($sensors))
                GROUP BY c.prefix, c.sensor ORDER BY 4 DESC LIMIT $max
                """,
                row => (Prefix: Prefix.TryParse(row.GetString(0), out var prefix) ? prefix : default, Sensor: row.GetString(1), Flows: (long)row.GetDouble(2),
                    Packets: row.GetDouble(3), Octets: row.GetDouble(4), Own: row.GetInt64(5)),
                ("since", question.Since.Value), ("text", CommonText(around)), ("sensors", sensors), ("max", MaxImpactAddresses));
            var inside = question.IsForAll ? rows.Where(row => target.Contains(row.Prefix)).ToList() : [];
            var bySensor = inside.GroupBy(row => row.Sensor)
                .Select(g => new SensorImpact(g.Key, g.Sum(row => row.Flows), g.Sum(row => row.Packets), g.Sum(row => row.Octets), g.Max(row => row.Own))).ToList();
            var shared = rows.Where(row => row.Prefix == around && around != target && around.Contains(target)).ToList();
            return (
                (inside.Sum(row => row.Flows), inside.Sum(row => row.Packets), inside.Sum(row => row.Octets), inside.Count == 0 ? 0 : bySensor.Sum(s => s.OwnEnds), bySensor),
                shared.Count == 0 ? null : new NeighbourhoodImpact(around.ToString(), shared.Sum(row => row.Packets), shared.Sum(row => row.Octets), shared.Sum(row => row.Own)));
        }

        // Of each sensor the larger of what was picked and what its busiest prefixes show.
        private static IReadOnlyList<SensorImpact> Merge(IReadOnlyList<SensorImpact> picked, List<SensorImpact> prefixes) =>
        [
            .. picked.Concat(prefixes).GroupBy(s => s.Sensor)
                .Select(g => new SensorImpact(g.Key, g.Max(s => s.Flows), g.Max(s => s.Packets), g.Max(s => s.Octets), g.Max(s => s.OwnEnds)))
                .OrderByDescending(s => s.Packets).ThenBy(s => s.Sensor, StringComparer.Ordinal).Take(MaxImpactSensors),
        ];

        /// <summary>What the RFC 5952 text of every address and prefix inside begins with: whole octets of IPv4; groups of IPv6 as long as none is zero, since zeros may be written as <c>::</c>.</summary>
        private static string CommonText(Prefix prefix)
        {
            Span<byte> octets = stackalloc byte[16];
            var length = prefix.CopyAddress(octets);
            if (length == 4)
            {
                return string.Concat(octets[..(prefix.Length / 8)].ToArray().Select(octet => $"{octet}.")) is var text && prefix.Length == 32 ? text[..^1] : text;
            }

            var common = "";
            for (var group = 0; group < prefix.Length / 16 && group < 7; group++)
            {
                var value = (octets[2 * group] << 8) | octets[(2 * group) + 1];
                if (value == 0)
                {
                    break;
                }

                common += $"{value:x}:";
            }

            return common;
        }

        private bool IsAsked(string sensor) => SensorName.TryParse(sensor, out var name) && question.Sensors.Any(pattern => pattern.Matches(name.Operator, name.Sensor));

        private void Note(double count, string what)
        {
            if (count > 0)
            {
                _unknown.Add(string.Create(CultureInfo.InvariantCulture, $"{count:0} {what}"));
            }
        }

        private List<T> Query<T>(string sql, Func<DuckDBDataReader, T> read, params (string Name, object Value)[] parameters)
        {
            using var command = connection.CreateCommand();
            command.CommandText = sql;
            foreach (var (name, value) in parameters)
            {
                command.Parameters.Add(new DuckDBParameter(name, value));
            }

            lock (_gate)
            {
                if (_givenUp)
                {
                    throw new OperationCanceledException();
                }

                _running = command;
            }

            try
            {
                using var rows = command.ExecuteReader();
                var list = new List<T>();
                while (rows.Read())
                {
                    list.Add(read((DuckDBDataReader)rows));
                }

                return list;
            }
            finally
            {
                lock (_gate)
                {
                    _running = null;
                }
            }
        }
    }
}
