using EdgeSensors.Firmware.Flows;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Sketches;

namespace EdgeSensors.Firmware.Detect;

/// <summary>
/// Findings that wait to be told. A contact with the list comes in when its flow is opened. Fan-out and floods are found by sweeps over the flow table,
/// every few seconds and some flows a step, so that a frame costs nothing more: flows of this window that led to nothing, by who opened them and
/// by whom they struck. What has been told is not told again before it has doubled or some time has passed.
/// </summary>
internal sealed class FindingQueue
{
    /// <summary>Detector numbers of the protocol.</summary>
    public const int AddressFanOut = 1, PortFanOut = 2, Flood = 3, Listed = 4;

    /// <summary>Distinct targets from which failed attempts are a scan, as on every sensor.</summary>
    public const int FanOutTargets = 20;

    /// <summary>Packets a second that lead to nothing from which it is a flood.</summary>
    public const int FloodRate = 500;

    /// <summary>Milliseconds between the begins of two sweeps.</summary>
    public const int SweepMs = 4_000;

    private const int FlowsAStep = 16;
    private const int Capacity = 16;
    private const int Remembered = 64;
    private const long AgainMs = 600_000;

    private readonly FlowTable _flows;
    private readonly ulong _seed;
    private readonly SourceTable _sources = new SourceTable();
    private readonly SourceTable _victims = new SourceTable();
    private readonly Finding[] _queue = new Finding[Capacity];
    private readonly ulong[] _told = new ulong[Remembered];
    private readonly long[] _toldMs = new long[Remembered];
    private readonly ulong[] _toldFigure = new ulong[Remembered];
    private int _first;
    private int _count;
    private int _next = -1;
    private long _sweepMs;
    private long _windowMs;

    /// <summary>A queue over a flow table. The seed keys the numbers of events and what is told apart by hashes.</summary>
    public FindingQueue(FlowTable flows, ulong seed)
    {
        _flows = flows;
        _seed = seed;
        for (int i = 0; i < Capacity; i++)
        {
            _queue[i] = new Finding();
        }
    }

    /// <summary>Findings that found no room, since the start.</summary>
    public uint Lost { get; private set; }

    /// <summary>A flow with a listed address was opened.</summary>
    public void Contact(int flow, int direction, bool sourceIsListed, long nowMs)
    {
        int part = sourceIsListed ? 0 : 2;
        ulong high = _flows.Address(flow, part), low = _flows.Address(flow, part + 1);
        Finding? f = Take(Listed, high, low, nowMs, 1);
        if (f == null)
        {
            return;
        }

        f.Technique = sourceIsListed ? "T1595" : "T1071";
        f.Direction = direction;
        f.IsOwn = false;
        f.Confidence = 50;
        f.FirstMs = nowMs;
        f.LastMs = nowMs;
        f.Packets = _flows.Packets[2 * flow];
        f.Octets = (ulong)_flows.Octets[2 * flow];
        f.Attempts = 1;
        f.FailedAttempts = 0;
        f.Addresses = 1;
        f.Ports = 1;
        f.PeakPacketsPerSecond = 0;
    }

    /// <summary>The next finding, copied. False if there is none.</summary>
    public bool TryTake(Finding to)
    {
        if (_count == 0)
        {
            return false;
        }

        Finding f = _queue[_first];
        _first = (_first + 1) % Capacity;
        _count--;
        to.CopyFrom(f);
        return true;
    }

    /// <summary>Some flows of a sweep. False when it is not time for one.</summary>
    public bool Step(long nowMs, TapMeter meter)
    {
        if (_next < 0)
        {
            if (nowMs - _sweepMs < SweepMs && nowMs >= _sweepMs)
            {
                return false;
            }

            _sweepMs = nowMs;
            _windowMs = meter.WindowStartMs;
            _sources.Clear();
            _victims.Clear();
            _next = 0;
            return true;
        }

        if (meter.WindowStartMs != _windowMs)
        {
            _next = -1; // the counts began anew in the middle
            return true;
        }

        int end = _next + FlowsAStep < _flows.Capacity ? _next + FlowsAStep : _flows.Capacity;
        int now = (int)(nowMs - _windowMs);
        while (_next < end)
        {
            Add(_next, now);
            _next++;
        }

        if (_next == _flows.Capacity)
        {
            _next = -1;
            Judge(nowMs);
        }

        return true;
    }

    private void Add(int i, int now)
    {
        FlowTable flows = _flows;
        if (!flows.IsUsed(i) || flows.Packets[2 * i] == 0 || !FlowClass.IsSelectable(flows.Class[i]))
        {
            return;
        }

        int protocol = flows.Protocol(i);
        int direction = FlowClass.DirectionOf(flows.Class[i]);
        if ((protocol != 6 && protocol != 17 && protocol != 1 && protocol != 58) || direction == Direction.Transit)
        {
            return;
        }

        ulong targetHigh = flows.Address(i, 2), targetLow = flows.Address(i, 3);
        if (IsGroup(targetHigh, targetLow))
        {
            return;
        }

        const int Reset = 4;
        bool failed = flows.Packets[2 * i + 1] == 0 || (protocol == 6 && (flows.TcpFlags[2 * i + 1] & Reset) != 0);
        ulong high = flows.Address(i, 0), low = flows.Address(i, 1);
        ulong source = SketchHash.Of(_seed, high, low);
        int place = _sources.Find(high, low, source);
        if (!failed)
        {
            _sources.Good[place]++;
            return;
        }

        ulong port = SketchHash.Of(_seed, (ulong)flows.DestinationPort(i));
        ulong target = SketchHash.Of(_seed, targetHigh, targetLow);
        Count(_sources, place, i, direction);
        _sources.Mark(place, port, target);
        if (direction == Direction.Inbound)
        {
            place = _victims.Find(targetHigh, targetLow, target);
            Count(_victims, place, i, direction);
            _victims.Mark(place, port, source);
            int lasts = now - flows.FirstMs[i];
            _victims.Rate[place] += flows.Packets[2 * i] * 1_000 / (uint)(lasts < 1_000 ? 1_000 : lasts);
        }
    }

    private void Count(SourceTable table, int place, int i, int direction)
    {
        FlowTable flows = _flows;
        table.Failed[place]++;
        table.Packets[place] += flows.Packets[2 * i];
        table.Octets[place] += (ulong)flows.Octets[2 * i];
        table.Direction[place] = (byte)direction;
        if (flows.FirstMs[i] < table.FirstMs[place])
        {
            table.FirstMs[place] = flows.FirstMs[i];
        }

        if (flows.LastMs[i] > table.LastMs[place])
        {
            table.LastMs[place] = flows.LastMs[i];
        }
    }

    private void Judge(long nowMs)
    {
        for (int i = 0; i < SourceTable.Capacity; i++)
        {
            int ports = _sources.IsUsed(i) ? _sources.Ports(i) : 0;
            int peers = _sources.IsUsed(i) ? _sources.Peers(i) : 0;
            int targets = ports > peers ? ports : peers;
            if (targets >= FanOutTargets && 4 * _sources.Good[i] <= _sources.Failed[i])
            {
                int detector = ports > peers ? PortFanOut : AddressFanOut;
                int direction = _sources.Direction[i];
                string technique = direction == Direction.Inbound ? (detector == PortFanOut ? "T1595.002" : "T1595.001") : "T1046";
                Fill(_sources, i, detector, technique, targets, direction != Direction.Inbound, targets >= 2 * FanOutTargets ? 85 : 70, nowMs);
            }

            if (_victims.IsUsed(i) && FloodRateOf(i) >= FloodRate)
            {
                Fill(_victims, i, Flood, "T1498.001", (int)_victims.Rate[i], isOwn: true, 80, nowMs);
            }
        }
    }

    /// <summary>Packets a second: of each flow since it began, or of all of them over the time that they span, as in a flood that was short.</summary>
    private uint FloodRateOf(int place)
    {
        int span = _victims.LastMs[place] - _victims.FirstMs[place];
        ulong rate = _victims.Packets[place] * 1_000 / (ulong)(span < 1_000 ? 1_000 : span);
        if (rate > _victims.Rate[place])
        {
            _victims.Rate[place] = (uint)rate;
        }

        return _victims.Rate[place];
    }

    private void Fill(SourceTable table, int place, int detector, string technique, int figure, bool isOwn, int confidence, long nowMs)
    {
        Finding? f = Take(detector, table.High[place], table.Low[place], nowMs, (ulong)figure);
        if (f == null)
        {
            return;
        }

        f.Technique = technique;
        f.Direction = table.Direction[place];
        f.IsOwn = isOwn;
        f.Confidence = confidence;
        f.FirstMs = _windowMs + table.FirstMs[place];
        f.LastMs = _windowMs + table.LastMs[place];
        f.Packets = table.Packets[place];
        f.Octets = table.Octets[place];
        f.Attempts = (ulong)(table.Failed[place] + table.Good[place]);
        f.FailedAttempts = (ulong)table.Failed[place];
        f.Addresses = (ulong)table.Peers(place);
        f.Ports = (ulong)table.Ports(place);
        f.PeakPacketsPerSecond = detector == Flood ? table.Rate[place] : 0;
    }

    /// <summary>A place in the queue, unless this was told already.</summary>
    private Finding? Take(int detector, ulong high, ulong low, long nowMs, ulong figure)
    {
        ulong key = SketchHash.Of(_seed + (ulong)detector, high, low) | 1;
        int at = (int)(key >> 58);
        if (_told[at] == key && nowMs - _toldMs[at] < AgainMs && figure < 2 * _toldFigure[at])
        {
            return null;
        }

        if (_count == Capacity)
        {
            Lost++;
            return null;
        }

        _told[at] = key;
        _toldMs[at] = nowMs;
        _toldFigure[at] = figure;
        Finding f = _queue[(_first + _count) % Capacity];
        _count++;
        f.Detector = detector;
        f.High = high;
        f.Low = low;
        f.Event = key;
        return f;
    }

    /// <summary>Multicast and broadcast: nobody answers for them.</summary>
    private static bool IsGroup(ulong high, ulong low)
    {
        return AddressOctets.IsIPv4(high, low) ? (uint)low >= 0xe0000000 && ((uint)low < 0xf0000000 || (uint)low == 0xffffffff) : (high >> 56) == 0xff;
    }
}
