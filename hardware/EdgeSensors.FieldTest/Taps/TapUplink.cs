using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// A tap's way to the emulated hub: it takes time, keeps the order of messages unless a fault says otherwise, and loses what is on its way when the
/// connection ends, as TCP does. Listens in on everything that the tap says.
/// </summary>
internal sealed class TapUplink : IHubLink, IDisposable
{
    private const int MostOnTheirWay = 16;
    private const long Millisecond = 1_000_000;
    private const long LeastWayNs = 15 * Millisecond;
    private const long MostMoreNs = 30 * Millisecond;
    private const long OvertakenNs = 400 * Millisecond;
    private const long NoAnswerNs = 10_000 * Millisecond; // TCP's and the resolver's own patience
    private const long TlsFailureNs = 700 * Millisecond;
    private const long HandshakeNs = 900 * Millisecond;

    private readonly EmulatedTap _tap;
    private readonly EmulatedHub _hub;
    private readonly EventQueue _events;
    private readonly Random _random;
    private readonly PriorityQueue<(HubTopic Topic, byte[] Payload, bool IsAgain), (long At, long Order)> _toTap = new();
    private readonly IncrementalHash _said = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _messages;
    private long _order;
    private long _lastToHub;
    private long _lastToTap;
    private long _arrived; // the latest of the tap's messages that the hub has, by the order of their sending
    private long _taken; // and of the hub's that the tap has
    private int _connection;
    private int _onTheirWay;

    public TapUplink(EmulatedTap tap, EmulatedHub hub, EventQueue events, Random random)
    {
        (_tap, _hub, _events, _random) = (tap, hub, events, random);
    }

    /// <summary>What is wrong with it.</summary>
    public UplinkFaults Faults { get; } = new();

    /// <inheritdoc/>
    public bool IsConnected { get; private set; }

    /// <inheritdoc/>
    public bool IsConnecting { get; private set; }

    /// <summary>When connections came about, nanoseconds since the start.</summary>
    public List<long> Connects { get; } = [];

    /// <summary>How often a connection was tried.</summary>
    public int Attempts { get; private set; }

    /// <summary>When the next message of the hub comes; never when there is none.</summary>
    public long NextArrival => _toTap.TryPeek(out _, out var key) ? key.At : long.MaxValue;

    /// <summary>What the tap said so far.</summary>
    public WireDigest Digest() => new(_tap.Name, Convert.ToHexStringLower(_said.GetCurrentHash()), _messages);

    /// <inheritdoc/>
    public void BeginConnect()
    {
        Attempts++;
        IsConnecting = true;
        var (connection, now) = (++_connection, _tap.Now);
        long after = HandshakeNs + _random.NextInt64(HandshakeNs / 2);
        bool succeeds = true;
        if (now < Faults.AwayUntil)
        {
            (after, succeeds) = (NoAnswerNs, false);
            Faults.Broken++;
        }
        else if (now < Faults.NoNameUntil)
        {
            (after, succeeds) = (NoAnswerNs, false);
            Faults.NamesNotFound++;
        }
        else if (now < Faults.TlsFailsUntil)
        {
            (after, succeeds) = (TlsFailureNs, false);
            Faults.HandshakesFailed++;
        }
        else if (now < Faults.TlsSlowUntil)
        {
            after = Faults.TlsNs;
            Faults.HandshakesSlowed++;
        }

        // Handshakes cost the hub's processor: one is done after the other.
        long done = succeeds ? _hub.Admit(now + after) : now + after;
        _events.At(done, () =>
        {
            if (connection != _connection)
            {
                return; // given up meanwhile
            }

            IsConnecting = false;
            if (succeeds && done >= Faults.AwayUntil)
            {
                IsConnected = true;
                Connects.Add(done);
                _hub.Connected(_tap);
            }

            _tap.WakeAt(done);
        });
    }

    /// <inheritdoc/>
    public void Disconnect()
    {
        _connection++;
        IsConnecting = false;
        IsConnected = false;
        _onTheirWay = 0;
        _toTap.Clear();
    }

    /// <summary>The connection ends, or does not come about, by a fault.</summary>
    public void Break()
    {
        Faults.Broken += IsConnected || IsConnecting ? 1 : 0;
        Disconnect();
    }

    /// <inheritdoc/>
    public bool TryPublish(HubTopic topic, byte[] payload, int length)
    {
        if (!IsConnected || _onTheirWay >= MostOnTheirWay)
        {
            return false;
        }

        byte[] octets = payload[..length];
        Listen(topic, octets);
        _onTheirWay++;
        long now = _tap.Now;
        bool overtaken = now < Faults.ReordersUntil && _random.NextDouble() < Faults.ReorderShare;
        long arrives = Way(now, overtaken, ref _lastToHub);
        var (connection, number) = (_connection, _messages);
        _events.At(arrives, () =>
        {
            if (connection == _connection)
            {
                _onTheirWay--;
                Faults.Overtaken += number < _arrived ? 1 : 0;
                _arrived = Math.Max(_arrived, number);
                _hub.Receive(_tap, topic, octets, arrives);
            }
        });
        if (now < Faults.DuplicatesUntil && _random.NextDouble() < Faults.DuplicateShare)
        {
            long again = arrives + _random.NextInt64(OvertakenNs);
            _events.At(again, () =>
            {
                if (connection == _connection)
                {
                    Faults.Duplicated++;
                    _hub.Receive(_tap, topic, octets, again);
                }
            });
        }

        return true;
    }

    /// <inheritdoc/>
    public bool TryReceive(out HubTopic topic, out byte[] payload)
    {
        (topic, payload) = (default, []);
        if (NextArrival > _tap.Now)
        {
            return false;
        }

        _toTap.TryDequeue(out var message, out var key);
        (topic, payload) = (message.Topic, message.Payload);
        Faults.Duplicated += message.IsAgain ? 1 : 0;
        Faults.Overtaken += key.Order < _taken ? 1 : 0;
        _taken = Math.Max(_taken, key.Order);
        return true;
    }

    /// <summary>The hub sends a message.</summary>
    public void Send(HubTopic topic, byte[] payload, long now)
    {
        if (!IsConnected)
        {
            return;
        }

        bool overtaken = now < Faults.ReordersUntil && _random.NextDouble() < Faults.ReorderShare;
        int times = now < Faults.DuplicatesUntil && _random.NextDouble() < Faults.DuplicateShare ? 2 : 1;
        for (var i = 0; i < times; i++)
        {
            long arrives = Way(now, overtaken, ref _lastToTap);
            _toTap.Enqueue((topic, payload, i > 0), (arrives, _order++));
            _tap.WakeAt(arrives);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _said.Dispose();

    private long Way(long now, bool overtaken, ref long last)
    {
        long arrives = now + LeastWayNs + _random.NextInt64(MostMoreNs);
        if (overtaken)
        {
            return arrives + _random.NextInt64(OvertakenNs);
        }

        last = Math.Max(last + 1, arrives);
        return last;
    }

    private void Listen(HubTopic topic, byte[] payload)
    {
        Span<byte> head = stackalloc byte[5];
        head[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(head[1..], payload.Length);
        _said.AppendData(Encoding.ASCII.GetBytes(HubTopics.Of(_tap.Operator, _tap.Name, topic)));
        _said.AppendData(head);
        _said.AppendData(payload);
        _messages++;
    }
}
