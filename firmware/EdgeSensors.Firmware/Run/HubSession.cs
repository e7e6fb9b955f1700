using EdgeSensors.Firmware.Link;
using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Update;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// The talk with the hub: connects, again after a pause that grows and is never the same for two taps, sends what the outbox holds, and hands on what
/// comes. PUBACK says nothing about the hub; only <c>ack</c> empties the outbox.
/// </summary>
internal sealed class HubSession
{
    /// <summary>Microseconds after which what is not acknowledged is sent again.</summary>
    public const long ResendUs = 60_000_000;

    private const long FirstPauseUs = 1_000_000;
    private const long LongestPauseUs = 64_000_000;
    private const long ConnectPatienceUs = 60_000_000;

    private readonly IHubLink _link;
    private readonly FlashOutbox _outbox;
    private readonly UpdateSession _updates;
    private readonly IFlash _flash;
    private readonly IRandom _random;
    private readonly HubMessages _messages = new HubMessages();
    private readonly byte[] _message;
    private readonly byte[] _chance = new byte[2];
    private bool _wasConnected;
    private bool _waits;
    private long _pauseUs = FirstPauseUs;
    private long _nextUs;
    private long _sentUs;
    private int _length;
    private OutboxChannel _channel;

    /// <summary>A talk over a link.</summary>
    /// <param name="link">The way.</param>
    /// <param name="outbox">What is to be sent.</param>
    /// <param name="updates">Takes notices and chunks.</param>
    /// <param name="flash">The chip that the outbox is on.</param>
    /// <param name="random">For pauses.</param>
    /// <param name="messageSize">The most octets of a message.</param>
    public HubSession(IHubLink link, FlashOutbox outbox, UpdateSession updates, IFlash flash, IRandom random, int messageSize)
    {
        _link = link;
        _outbox = outbox;
        _updates = updates;
        _flash = flash;
        _random = random;
        _message = new byte[messageSize];
    }

    /// <summary>Whether the hub is there.</summary>
    public bool IsConnected => _link.IsConnected;

    /// <summary>Counts connections: the state is told at each.</summary>
    public int Connections { get; private set; }

    /// <summary>A piece of the talk. False when there is nothing to do now.</summary>
    public bool Step(long nowUs)
    {
        bool connected = _link.IsConnected;
        if (connected != _wasConnected)
        {
            _wasConnected = connected;
            if (connected)
            {
                Connections++;
                _pauseUs = FirstPauseUs;
                _outbox.Rewind();
                _length = 0;
                _sentUs = nowUs;
            }
            else
            {
                _updates.LinkLost();
                Pause(nowUs);
            }

            return true;
        }

        if (!connected)
        {
            Connect(nowUs);
            return false;
        }

        if (_link.TryReceive(out HubTopic topic, out byte[] payload))
        {
            Take(topic, payload, nowUs);
            return true;
        }

        return Send(nowUs);
    }

    private void Connect(long nowUs)
    {
        if (_link.IsConnecting)
        {
            if (nowUs >= _nextUs)
            {
                _link.Disconnect();
                Pause(nowUs);
            }
        }
        else if (nowUs >= _nextUs)
        {
            _link.BeginConnect();
            _nextUs = nowUs + ConnectPatienceUs;
            _waits = true;
        }
        else if (_waits)
        {
            _waits = false; // it was tried and failed
            Pause(nowUs);
        }
    }

    /// <summary>Between a half and the whole of the pause, which doubles each time.</summary>
    private void Pause(long nowUs)
    {
        _waits = false;
        _random.Fill(_chance);
        long part = ((_chance[0] << 8) | _chance[1]) * (_pauseUs / 2) / 65_536;
        _nextUs = nowUs + _pauseUs / 2 + part;
        _pauseUs = _pauseUs < LongestPauseUs ? 2 * _pauseUs : _pauseUs;
    }

    private void Take(HubTopic topic, byte[] payload, long nowUs)
    {
        if (topic == HubTopic.Ack)
        {
            if (_messages.TryReadAck(payload, payload.Length))
            {
                _outbox.Acknowledge(_messages.Epoch, _messages.Sequence);
                _sentUs = nowUs;
            }
        }
        else if (topic == HubTopic.Chunk)
        {
            _updates.TakeChunk(payload);
        }
        else if (topic == HubTopic.Timestamp)
        {
            _updates.Announce(payload);
        }
    }

    private bool Send(long nowUs)
    {
        if (_length == 0)
        {
            if (_outbox.Sent > _outbox.Acknowledged && nowUs - _sentUs > ResendUs && !_flash.IsBusy && !_outbox.IsWriting)
            {
                _outbox.Rewind();
                _sentUs = nowUs;
            }

            if (_flash.IsBusy)
            {
                return false;
            }

            _length = _outbox.ReadNext(_message, out _channel);
            if (_length == 0)
            {
                return false;
            }
        }

        if (_link.TryPublish(TopicOf(_channel), _message, _length))
        {
            _length = 0;
            return true;
        }

        return false;
    }

    private static HubTopic TopicOf(OutboxChannel channel)
    {
        return (HubTopic)(int)channel; // both name the tap's four numbered topics first, in one order
    }
}
