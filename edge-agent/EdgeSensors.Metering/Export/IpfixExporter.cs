using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Export;

/// <summary>
/// Sends biflows as IPFIX (RFC 7011): a template goes out before the first record that it describes, and over a lossy transport all go out again by time and by messages. Options say how packets are
/// selected, and, in observation domain 0 (RFC 7011 §3.1), what was sent and what was not. Not thread-safe: it belongs to the thread that meters.
/// </summary>
public sealed partial class IpfixExporter : IBiflowConsumer
{
    private readonly IpfixExporterOptions _options;
    private readonly IMessageTransport _transport;
    private readonly TimeProvider _clock;
    private readonly IpfixMessage _message = new();
    private readonly bool[] _announced = new bool[FlowTemplate.Count];
    private readonly HashSet<ushort> _optionsAnnounced = [];
    private bool _announceDue = true;
    private long _announcedAt;
    private long _messagesSince;
    private bool _selectionDue = true;
    private long _selectionAt;
    private uint _sequence;
    private uint _processSequence;
    private Content _content;

    /// <summary>Makes an exporter; nothing is sent before the first flow, or <see cref="End"/>.</summary>
    /// <param name="options">How to send.</param>
    /// <param name="transport">Takes the messages; not disposed of.</param>
    /// <param name="clock">Gives the export time.</param>
    public IpfixExporter(IpfixExporterOptions options, IMessageTransport transport, TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transport);
        ArgumentNullException.ThrowIfNull(clock);
        ArgumentOutOfRangeException.ThrowIfZero(options.ObservationDomainId);
        (_options, _transport, _clock) = (options, transport, clock);
        _message.Begin(transport.MaxMessageLength);
    }

    /// <summary>What was sent so far.</summary>
    public ExportTotals Totals { get; } = new();

    /// <inheritdoc/>
    /// <exception cref="IOException">The transport has ended.</exception>
    public void OnBiflow(ref readonly BiflowRecord record)
    {
        if (_message.IsEmpty && IsAnnouncementDue())
            Announce();
        var (forward, reverse) = (record.Forward, record.Reverse);
        if (_options.Biflows && forward.PacketCount > 0 && reverse.PacketCount > 0)
        {
            var shape = FlowRecordWriter.ShapeOf(in record, withReverse: true);
            new FlowRecordWriter(AddRecord(shape)).WriteBiflow(in record, shape);
            _content.AddFlow(record.PacketCount, record.OctetCount);
            return;
        }

        // A record that an active timeout divided can hold packets of the responder alone.
        if (forward.PacketCount > 0)
            AddUniflow(in record, in forward, fromInitiator: true);
        if (reverse.PacketCount > 0)
            AddUniflow(in record, in reverse, fromInitiator: false);
    }

    /// <summary>Sends what is held back for a full message.</summary>
    /// <exception cref="IOException">The transport has ended.</exception>
    public void Flush()
    {
        if (!_message.IsEmpty)
            Send();
    }

    /// <summary>Sends the last flows and the statistics of the whole.</summary>
    /// <exception cref="IOException">The transport has ended.</exception>
    public void End()
    {
        // The flows first, so that the statistics count them.
        Flush();
        SendStatistics();
    }

    private void AddUniflow(ref readonly BiflowRecord record, ref readonly DirectionCounters direction, bool fromInitiator)
    {
        var shape = FlowRecordWriter.ShapeOf(in record, withReverse: false);
        if (!fromInitiator)
            shape &= ~FlowShape.GtpTunnel; // the way back has an endpoint of its own, which the meter does not keep
        new FlowRecordWriter(AddRecord(shape)).WriteUniflow(in record, shape, fromInitiator);
        _content.AddFlow(direction.PacketCount, direction.OctetCount);
    }

    private Span<byte> AddRecord(FlowShape shape)
    {
        var template = FlowTemplate.All[(int)shape];
        while (true)
        {
            if (!_announced[(int)shape])
                AddTemplate(template);
            if (_message.TryAdd(template.Id, template.RecordLength, out var record))
                return record;
            Send();
            if (IsAnnouncementDue())
                Announce();
        }
    }

    private void Send()
    {
        if (TrySend(_options.ObservationDomainId, _sequence))
        {
            Totals.FlowRecordCount += _content.FlowCount;
            _sequence += (uint)(_content.FlowCount + _content.OptionsCount);
        }
        else
        {
            Totals.NotSentFlowCount += _content.FlowCount;
            Totals.NotSentPacketCount += _content.PacketCount;
            Totals.NotSentOctetCount += _content.OctetCount;
            _announceDue = true; // it may have held templates
            _selectionDue |= _content.OptionsCount > 0;
        }

        _content = default;
    }

    /// <summary>Sends the message in hand, and begins another in any case.</summary>
    private bool TrySend(uint domain, uint sequence)
    {
        var message = _message.Finish(_clock.GetUtcNow(), sequence, domain);
        var sent = _transport.TrySend(message);
        if (sent)
        {
            Totals.MessageCount++;
            Totals.OctetCount += message.Length;
        }

        _messagesSince++;
        _message.Begin(_transport.MaxMessageLength);
        return sent;
    }

    /// <summary>What the message in hand holds.</summary>
    private struct Content
    {
        public long FlowCount;
        public long PacketCount;
        public long OctetCount;
        public int OptionsCount;

        public void AddFlow(long packets, long octets)
        {
            FlowCount++;
            PacketCount += packets;
            OctetCount += octets;
        }
    }
}
