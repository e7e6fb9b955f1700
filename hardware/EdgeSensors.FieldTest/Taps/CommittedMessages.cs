using EdgeSensors.Firmware.Platform;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>What the emulated hub has committed of one tap.</summary>
internal sealed class CommittedMessages
{
    private readonly Dictionary<MessageId, Committed> _byId = [];
    private readonly List<Committed> _all = [];
    private ulong _epoch;

    /// <summary>All, in the order in which they came first.</summary>
    public IReadOnlyList<Committed> All => _all;

    /// <summary>Everything of the newest epoch up to here is committed, or given up.</summary>
    public MessageId UpTo { get; private set; }

    /// <summary>The highest number of the newest epoch.</summary>
    public ulong Top { get; private set; }

    /// <summary>Messages that came again.</summary>
    public int Duplicates { get; private set; }

    /// <summary>Messages that came again with other octets under a number that was committed: never right.</summary>
    public int Altered { get; private set; }

    /// <summary>Messages that could not be read: never right.</summary>
    public int Unreadable { get; private set; }

    /// <summary>Numbers that never came.</summary>
    public ulong GivenUp { get; private set; }

    /// <summary>Whether a message is committed.</summary>
    public bool Has(MessageId id) => _byId.ContainsKey(id);

    /// <summary>Commits a message. Null if it is a duplicate, or cannot be read.</summary>
    public Committed? Add(HubTopic topic, byte[] payload, long atNs)
    {
        if (Read(topic, payload) is not { } read)
        {
            Unreadable++;
            return null;
        }

        if (_byId.TryGetValue(read.Id, out var there))
        {
            Duplicates++;
            Altered += there.Payload.AsSpan().SequenceEqual(payload) ? 0 : 1;
            return null;
        }

        var committed = new Committed(topic, read.Id, payload, read.Message, atNs);
        _byId[read.Id] = committed;
        _all.Add(committed);
        if (read.Id.Epoch != _epoch)
        {
            (_epoch, Top, UpTo) = (read.Id.Epoch, 0, new MessageId(read.Id.Epoch, 0));
        }

        Top = Math.Max(Top, read.Id.Sequence);
        MoveOn();
        return committed;
    }

    /// <summary>The gap will not close: the sensor has dropped what was in it.</summary>
    public void GiveUp()
    {
        while (UpTo.Sequence < Top && !Has(UpTo with { Sequence = UpTo.Sequence + 1 }))
        {
            UpTo = UpTo with { Sequence = UpTo.Sequence + 1 };
            GivenUp++;
        }

        MoveOn();
    }

    private static (MessageId Id, object Message)? Read(HubTopic topic, byte[] payload) => topic switch
    {
        HubTopic.Report when ReportCodec.TryDecode(payload, out var m, out _) => (m!.Id, m),
        HubTopic.Status when StatusCodec.TryDecode(payload, out var m, out _) => (m!.Id, m),
        HubTopic.Alert when AlertCodec.TryDecode(payload, out var m, out _) => (m!.Id, m),
        HubTopic.Receipt when ReceiptCodec.TryDecode(payload, out var m, out _) => (m!.Id, m),
        _ => null,
    };

    private void MoveOn()
    {
        while (Has(UpTo with { Sequence = UpTo.Sequence + 1 }))
        {
            UpTo = UpTo with { Sequence = UpTo.Sequence + 1 };
        }
    }
}

/// <summary>A committed message.</summary>
/// <param name="Topic">What it is.</param>
/// <param name="Id">Its number.</param>
/// <param name="Payload">Its octets.</param>
/// <param name="Message">What they say.</param>
/// <param name="AtNs">When it came first, nanoseconds since the start.</param>
internal sealed record Committed(HubTopic Topic, MessageId Id, byte[] Payload, object Message, long AtNs);
