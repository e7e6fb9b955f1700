using EdgeSensors.Firmware.Platform;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>The hub as its taps see it: broker, commit, acknowledgement, chunks of a signed and witnessed repository. On emulated time.</summary>
internal sealed class EmulatedHub(EmulatedRepository repository, EventQueue events)
{
    private const long Millisecond = 1_000_000;
    private const long CommitNs = 10 * Millisecond; // a group of messages at a time, as the hub does
    private const long GapPatienceNs = 10_000 * Millisecond; // inbox.gap_timeout_seconds
    private const long HandshakeCostNs = 10 * Millisecond; // 100 a second

    private readonly Dictionary<EmulatedTap, CommittedMessages> _committed = [];
    private readonly List<EmulatedTap> _taps = [];
    private long _busyUntil;

    /// <summary>Called for each message that is committed first.</summary>
    public Action<EmulatedTap, Committed>? OnCommitted { get; set; }

    /// <summary>What it publishes.</summary>
    public EmulatedRepository Repository => repository;

    /// <summary>What it has of a tap.</summary>
    public CommittedMessages Of(EmulatedTap tap)
    {
        if (!_committed.TryGetValue(tap, out var committed))
        {
            _committed[tap] = committed = new CommittedMessages();
            _taps.Add(tap);
        }

        return committed;
    }

    /// <summary>When a handshake that could be done at a time is, the others before it.</summary>
    public long Admit(long earliest)
    {
        _busyUntil = Math.Max(_busyUntil, earliest - HandshakeCostNs) + HandshakeCostNs;
        return _busyUntil;
    }

    /// <summary>A tap has connected and subscribed: it gets the retained notice, and what was committed.</summary>
    public void Connected(EmulatedTap tap)
    {
        var committed = Of(tap);
        if (committed.UpTo.Sequence > 0)
        {
            Acknowledge(tap, tap.Now);
        }

        Notify(tap, tap.Now);
    }

    /// <summary>Tells every tap that is connected of the newest timestamp.</summary>
    public void Announce(long now)
    {
        foreach (var tap in _taps)
        {
            Notify(tap, now);
        }
    }

    /// <summary>A message comes in.</summary>
    public void Receive(EmulatedTap tap, HubTopic topic, byte[] payload, long now)
    {
        if (topic == HubTopic.Fetch)
        {
            Answer(tap, payload, now);
            return;
        }

        events.At(now + CommitNs, () =>
        {
            var committed = Of(tap);
            if (committed.Add(topic, payload, now) is { } first)
            {
                OnCommitted?.Invoke(tap, first);
            }

            Acknowledge(tap, now + CommitNs);
            if (committed.Top > committed.UpTo.Sequence)
            {
                WatchGap(tap, committed.UpTo, now + CommitNs + GapPatienceNs);
            }
        });
    }

    private void WatchGap(EmulatedTap tap, MessageId from, long at) => events.At(at, () =>
    {
        // Only while its sensor is there: one that is away may still have it.
        if (tap.Uplink.IsConnected && Of(tap).UpTo == from)
        {
            Of(tap).GiveUp();
            Acknowledge(tap, at);
        }
    });

    private void Acknowledge(EmulatedTap tap, long now)
    {
        if (Of(tap).UpTo.Sequence == 0)
        {
            return;
        }

        if (now < tap.Uplink.Faults.NoAckUntil)
        {
            tap.Uplink.Faults.Unacknowledged += tap.Uplink.IsConnected ? 1 : 0;
        }
        else
        {
            tap.Uplink.Send(HubTopic.Ack, AckCodec.Encode(new AckMessage(Of(tap).UpTo)), now);
        }
    }

    private void Notify(EmulatedTap tap, long now)
    {
        if (tap.Uplink.IsConnected)
        {
            tap.Uplink.Send(HubTopic.Timestamp, Altered(tap, new RepositoryFile(RepositoryFileKind.Timestamp, repository.Timestamp), true, now), now);
        }
    }

    private void Answer(EmulatedTap tap, byte[] payload, long now)
    {
        if (!FetchCodec.TryDecode(payload, out FetchMessage? request, out _))
        {
            return;
        }

        var octets = repository.Find(request!.Sha256.Span) is { } file ? Altered(tap, file, request.Offset == 0, now) : [];
        var offset = Math.Min(request.Offset, (uint)octets.Length);
        var count = (int)Math.Min(request.Length, octets.Length - offset);
        tap.Uplink.Send(HubTopic.Chunk, FetchCodec.Encode(new ChunkMessage(request.Sha256, request.Offset, (uint)octets.Length, octets.AsMemory((int)offset, count))), now);
    }

    private static byte[] Altered(EmulatedTap tap, RepositoryFile file, bool isFirstPart, long now)
    {
        var faults = tap.Uplink.Faults;
        if (now >= faults.TamperedUntil || faults.Tampering is not { } tampering)
        {
            return file.Octets;
        }

        var octets = tampering.Alter(file, isFirstPart);
        faults.Altered += octets.AsSpan().SequenceEqual(file.Octets) ? 0 : 1;
        return octets;
    }
}
