using EdgeSensors.Protocol;
using Microsoft.Data.Sqlite;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Reads the hub's inbox as an auditor would: the raw messages that it has committed, while it serves or after.</summary>
internal static class InboxFile
{
    /// <summary>All committed messages after a row, in the order of their commit; none while there is no inbox yet.</summary>
    public static IReadOnlyList<CommittedMessage> Read(string hubFolder, long afterRow = 0)
    {
        var path = Path.Combine(hubFolder, "data", "inbox.db");
        if (!File.Exists(path))
        {
            return [];
        }

        var messages = new List<CommittedMessage>();
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT m.id, s.epoch, m.sequence, m.channel, m.received_at, m.payload, s.sensor FROM message m JOIN source s ON s.id = m.source WHERE m.id > $after ORDER BY m.id";
        command.Parameters.AddWithValue("$after", afterRow);
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            messages.Add(new CommittedMessage(
                rows.GetInt64(0),
                new MessageId(unchecked((ulong)rows.GetInt64(1)), (ulong)rows.GetInt64(2)),
                (Channel)rows.GetInt32(3),
                DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(4)),
                rows.GetFieldValue<byte[]>(5),
                rows.GetString(6)));
        }

        return messages;
    }

    /// <summary>How many messages the hub refused to take as what they claimed to be.</summary>
    public static long CountRejected(string hubFolder)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = Path.Combine(hubFolder, "data", "inbox.db"), Mode = SqliteOpenMode.ReadOnly, Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM rejected";
        return (long)command.ExecuteScalar()!;
    }
}

/// <summary>A message as the hub committed it.</summary>
/// <param name="Row">Its place in the inbox.</param>
/// <param name="Id">The sensor's epoch and sequence.</param>
/// <param name="Channel">The topic it came on.</param>
/// <param name="ReceivedAt">By the hub's clock.</param>
/// <param name="Payload">Its octets as they were on the wire.</param>
/// <param name="Sensor">Who sent it: <c>operator/sensor</c>.</param>
internal sealed record CommittedMessage(long Row, MessageId Id, Channel Channel, DateTimeOffset ReceivedAt, byte[] Payload, string Sensor);
