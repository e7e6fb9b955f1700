using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Sketches;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>
/// Other-end prefixes (/24, /48) and how many own addresses each met, in bounded memory. Own addresses are counted exactly until the room is used up and then too low, so that
/// a prefix is rather left out than shown too early.
/// </summary>
internal sealed class TopPrefixes
{
    private const int MaxPrefixes = 8192;
    private const int MaxMeetings = 1 << 16;

    private readonly Dictionary<HostAddress, Entry> _prefixes = [];
    private readonly HashSet<ulong> _meetings = [];
    private ulong _leftOut;

    /// <summary>Counts packets between an own and an other address.</summary>
    /// <param name="other">The other end.</param>
    /// <param name="ownHash">A keyed hash of the own end.</param>
    /// <param name="packets">How many.</param>
    /// <param name="octets">Their lengths together.</param>
    /// <param name="opens">Whether they begin a flow.</param>
    public void Add(HostAddress other, ulong ownHash, long packets, long octets, bool opens)
    {
        var network = other.IsIPv4 ? new HostAddress(other.High, other.Low & ~0xFFUL) : new HostAddress(other.High & ~0xFFFFUL, 0);
        if (!_prefixes.TryGetValue(network, out var entry))
        {
            if (_prefixes.Count == MaxPrefixes)
            {
                _leftOut += opens ? 1UL : 0;
                return;
            }

            _prefixes[network] = entry = new Entry();
        }

        entry.Tally.Add(packets, octets, opens);
        var meeting = SketchHash.Of(ownHash, network);
        if (_meetings.Count < MaxMeetings && _meetings.Add(meeting))
        {
            entry.OwnAddresses++;
        }
    }

    /// <summary>The largest prefixes that at least k own addresses met.</summary>
    public List<PrefixCount> Take(int k, int max, out ulong belowK)
    {
        belowK = _leftOut + (ulong)_prefixes.Count(pair => pair.Value.OwnAddresses < k);
        return [.. _prefixes.Where(pair => pair.Value.OwnAddresses >= k)
            .OrderByDescending(pair => pair.Value.Tally.Packets)
            .Take(max)
            .Select(pair => new PrefixCount(
                Prefix.Of(pair.Key.ToIPAddress().GetAddressBytes(), pair.Key.IsIPv4 ? 24 : 48), pair.Value.OwnAddresses, pair.Value.Tally.ToCounters()))];
    }

    /// <summary>Begins the next window.</summary>
    public void Clear()
    {
        _prefixes.Clear();
        _meetings.Clear();
        _leftOut = 0;
    }

    private sealed class Entry
    {
        public Tally Tally;

        public uint OwnAddresses { get; set; }
    }
}
