using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Detect;
using EdgeSensors.Firmware.Flows;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Sketches;

namespace EdgeSensors.Firmware;

/// <summary>
/// From a frame's headers to a window's report. Everything it needs is taken at construction; a frame allocates nothing. Without an
/// authorisation in force frames are not even parsed (wall 2).
/// </summary>
internal sealed class TapMeter
{
    /// <summary>The detector number of the protocol for "one end is on the list".</summary>
    public const byte Listed = 4;

    /// <summary>A flow silent for so long ends.</summary>
    public const int IdleTimeoutMs = 60_000;

    /// <summary>The most octets of a report from a tap.</summary>
    public const int ReportCapacity = 32 * 1024;

    private const int FlowsAStep = 256;

    private readonly FrameHeader _header = new FrameHeader();
    private readonly FlowTable _flows;
    private readonly WindowCounts _counts = new WindowCounts();
    private readonly ReportEncoder _encoder;
    private readonly CborWriter _writer = new CborWriter(new byte[ReportCapacity]);
    private readonly Authority _none = new Authority();
    private ListedAddresses? _list;
    private int _prepared;
    private long _windowStart;

    /// <summary>A meter.</summary>
    /// <param name="flowCapacity">A power of two.</param>
    /// <param name="seed">Secret, random at each start.</param>
    /// <param name="authority">What may be reported.</param>
    /// <param name="pseudonymizer">Keyed as the authorisation says.</param>
    public TapMeter(int flowCapacity, ulong seed, Authority authority, Pseudonymizer pseudonymizer)
    {
        _flows = new FlowTable(flowCapacity, seed);
        _encoder = new ReportEncoder(_writer, pseudonymizer);
        Authority = authority;
        Pseudonymizer = pseudonymizer;
    }

    /// <summary>What may be reported.</summary>
    public Authority Authority { get; }

    /// <summary>Hides own addresses.</summary>
    public Pseudonymizer Pseudonymizer { get; }

    /// <summary>How well the window is measured; the caller says what it knows.</summary>
    public MeasurementQuality Quality { get; } = new MeasurementQuality();

    /// <summary>The flows, for whoever looks for more in them.</summary>
    public FlowTable Flows => _flows;

    /// <summary>Is told of contacts with the list; null for nobody.</summary>
    public FindingQueue? Findings { get; set; }

    /// <summary>Whether a window is closed with its health only, as while the time is not trusted.</summary>
    public bool IsHealthOnly { get; set; }

    /// <summary>When the window began, Unix milliseconds.</summary>
    public long WindowStartMs => _windowStart;

    /// <summary>Throws the window away and begins another, as after a leap of the clock.</summary>
    public void Restart(long unixMs)
    {
        _flows.Clear();
        _counts.Clear();
        _windowStart = unixMs;
    }

    /// <summary>Takes a complete list into use; null for none.</summary>
    public void UseList(ListedAddresses? list)
    {
        _list = list;
        _flows.ForgetClasses();
    }

    /// <summary>Begins the first window at <paramref name="unixMs"/>.</summary>
    public void Start(long unixMs)
    {
        _windowStart = unixMs;
    }

    /// <summary>Takes the headers of one frame.</summary>
    /// <param name="b">The buffer that holds them.</param>
    /// <param name="offset">Where the frame begins.</param>
    /// <param name="have">Octets that are there.</param>
    /// <param name="frameLength">Octets that the frame had on the wire.</param>
    /// <param name="unixMs">When it was seen; before the window's start counts as then.</param>
    /// <returns>The octets of its IP packet that were counted in the total; below zero if it was not counted.</returns>
    public int Take(byte[] b, int offset, int have, int frameLength, long unixMs)
    {
        if (!Authority.IsInForce(unixMs))
        {
            return -1;
        }

        if (unixMs < _windowStart)
        {
            unixMs = _windowStart; // the clock was set back a little
        }

        FrameHeader h = _header;
        FrameStatus status = FrameParser.Parse(b, offset, have, frameLength, h);
        if (status == FrameStatus.Malformed)
        {
            _counts.Malformed++;
        }

        if (h.IpVersion == 0)
        {
            return -1;
        }

        int flow = _flows.Find(h, (int)(unixMs - _windowStart));
        bool opened = _flows.Opened;
        bool firstInWindow = _flows.Packets[2 * flow] + _flows.Packets[2 * flow + 1] == 1;
        if (_flows.Class[flow] == 0)
        {
            Classify(flow, unixMs);
        }

        _counts.AddTotal(h.IpLength, opened);
        int flowClass = _flows.Class[flow];
        if (FlowClass.IsSelectable(flowClass))
        {
            int direction = FlowClass.DirectionOf(flowClass);
            _counts.Add(h, direction, _flows.Forward ? h.DestinationPort : h.SourcePort, opened);
            if (firstInWindow)
            {
                Sketch(flow, direction, h.HasPorts);
            }
        }

        return h.IpLength;
    }

    /// <summary>
    /// Before a window is ended: works out one pseudonym that its report needs, or looks for it among some flows. True when it has looked at all. What is picked
    /// behind it in the meantime is worked out with the report.
    /// </summary>
    public bool StepPrepare()
    {
        if (!Authority.AllowsRecords)
        {
            return true;
        }

        for (int i = 0; i < FlowsAStep && _prepared < _flows.Capacity; i++)
        {
            if (_encoder.TryPrepare(_flows, _prepared))
            {
                return false; // it may have another
            }

            _prepared++;
        }

        return _prepared == _flows.Capacity;
    }

    /// <summary>Ends the window, writes its report, and begins the next one.</summary>
    /// <param name="header">What makes the message unique; advanced by whoever keeps the report.</param>
    /// <param name="endMs">Unix milliseconds; the next window's start.</param>
    /// <returns>The report; empty if it found no room.</returns>
    public CborWriter CloseWindow(MessageHeader header, long endMs)
    {
        if (!_encoder.Write(header, _windowStart, endMs, IsHealthOnly ? _none : Authority, Quality, _counts, _flows))
        {
            _writer.Reset();
        }

        Pseudonymizer.Forget();
        _prepared = 0;
        int length = (int)(endMs - _windowStart);
        _flows.BeginWindow(length - IdleTimeoutMs, length);
        _counts.Clear();
        _windowStart = endMs;
        return _writer;
    }

    private void Classify(int flow, long unixMs)
    {
        ulong sourceHigh = _flows.Address(flow, 0), sourceLow = _flows.Address(flow, 1);
        ulong destinationHigh = _flows.Address(flow, 2), destinationLow = _flows.Address(flow, 3);
        int direction = Authority.DirectionOf(sourceHigh, sourceLow, destinationHigh, destinationLow);
        bool selectable = Authority.Covers(direction);
        _flows.Class[flow] = FlowClass.Of(direction, selectable);
        _flows.Reason[flow] = 0;
        if (_list == null || !selectable || direction == Direction.Transit)
        {
            return;
        }

        bool sourceIsListed = IsListed(sourceHigh, sourceLow);
        if (!sourceIsListed && !IsListed(destinationHigh, destinationLow))
        {
            return;
        }

        _flows.Reason[flow] = Listed;
        if (Findings != null && Authority.AllowsRecords)
        {
            // A listed address inside the own network is an own address all the same, and is told of in the window only.
            bool listedIsOwn = Authority.IsOwn(sourceIsListed ? sourceHigh : destinationHigh, sourceIsListed ? sourceLow : destinationLow);
            if (!listedIsOwn)
            {
                Findings.Contact(flow, direction, sourceIsListed, unixMs);
            }
        }
    }

    private bool IsListed(ulong high, ulong low)
    {
        return _list!.Contains(high, low);
    }

    /// <summary>Once a flow and window: more would not change a sketch of addresses, and of what a scan reaches each is a flow.</summary>
    private void Sketch(int flow, int direction, bool hasPorts)
    {
        ulong key = Pseudonymizer.SketchKey;
        HyperLogLog[] sketches = _counts.Cardinalities;
        ulong sourceHigh = _flows.Address(flow, 0), sourceLow = _flows.Address(flow, 1);
        ulong destinationHigh = _flows.Address(flow, 2), destinationLow = _flows.Address(flow, 3);
        ulong source = SketchHash.Of(key, sourceHigh, sourceLow);
        ulong destination = SketchHash.Of(key, destinationHigh, destinationLow);
        sketches[3].Add(SketchHash.Of(source ^ destination, key));
        if (direction == Direction.Internal)
        {
            sketches[0].Add(source);
            sketches[0].Add(destination);
        }
        else if (direction == Direction.Outbound)
        {
            sketches[0].Add(source);
            sketches[1].Add(SketchHash.Of(0, destinationHigh, destinationLow));
            AddOtherPort(hasPorts, _flows.DestinationPort(flow));
        }
        else if (direction == Direction.Inbound)
        {
            sketches[0].Add(destination);
            sketches[1].Add(SketchHash.Of(0, sourceHigh, sourceLow));
            AddOtherPort(hasPorts, _flows.SourcePort(flow));
        }
    }

    private void AddOtherPort(bool hasPorts, int port)
    {
        if (hasPorts)
        {
            _counts.Cardinalities[2].Add(SketchHash.Of(0, (ulong)port));
        }
    }
}
