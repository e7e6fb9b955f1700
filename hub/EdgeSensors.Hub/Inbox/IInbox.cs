using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Inbox;

/// <summary>Where raw messages are made durable. One writer; any number of readers.</summary>
internal interface IInbox : IDisposable
{
    /// <summary>Every epoch that was ever seen, so that a duplicate is recognised for ever.</summary>
    IReadOnlyList<SourceState> LoadSources();

    /// <summary>Commits all or nothing, durably; throws <see cref="InboxUnavailableException"/> when the disk does not take it.</summary>
    void Commit(IReadOnlyList<Arrival> arrivals, IReadOnlyCollection<SourceState> touched);

    /// <summary>Committed messages after a row, oldest first; rejected ones are not among them.</summary>
    IReadOnlyList<InboxMessage> Read(long afterRow, InboxView view, int max);

    /// <summary>Removes raw messages up to a row that came before a moment, at most <paramref name="max"/> of them; what was seen stays known.</summary>
    int Prune(long upToRow, UnixMilliseconds before, int max);

    /// <summary>Rows that are there: messages and rejected ones.</summary>
    (long Messages, long Rejected) Count();
}

/// <summary>Which messages a reader wants.</summary>
internal enum InboxView
{
    /// <summary>Windows and their picked flows.</summary>
    Reports,

    /// <summary>Alerts, receipts and status.</summary>
    Control,
}

/// <summary>A committed message.</summary>
internal sealed record InboxMessage(long Row, SensorName Sensor, Channel Channel, UnixMilliseconds ReceivedAt, byte[] Payload);

/// <summary>One epoch of one sensor, and which of its numbers are committed.</summary>
internal sealed class SourceState(SensorName sensor, ulong epoch, SequenceSet sequences)
{
    public SensorName Sensor { get; } = sensor;

    public ulong Epoch { get; } = epoch;

    public SequenceSet Sequences { get; } = sequences;

    /// <summary>The database's row; 0 before it has one.</summary>
    public long Row { get; set; }

    /// <summary>When a message of it was last committed.</summary>
    public UnixMilliseconds LastSeen { get; set; }

    /// <summary>The extents as they are on disk, to write only what changed.</summary>
    public (ulong Floor, int Count, ulong First) Stored { get; set; }

    /// <summary>A gap that is being watched: the number above it, since when, and on which connection.</summary>
    public GapWatch? Watch { get; set; }
}

/// <summary>A gap that does not move.</summary>
internal sealed record GapWatch(ulong Top, UnixMilliseconds Since, object Connection);

/// <summary>The disk does not take a commit: full, failing or locked.</summary>
internal sealed class InboxUnavailableException(string message, Exception inner) : Exception(message, inner);
