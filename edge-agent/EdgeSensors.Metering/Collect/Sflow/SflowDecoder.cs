using System.Buffers.Binary;
using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Sflow;

/// <summary>
/// Reads sFlow version 5 datagrams (sflow.org, sFlow Version 5, §5). Samples and records of a kind that is not read are skipped by their length; what was skipped
/// is blanked, as it may hold payload. This file reads the datagram and its samples, the other the records in them.
/// </summary>
internal sealed partial class SflowDecoder(CollectorTotals totals, ExporterTable exporters, FlowSink sink)
{
    private const uint FlowSample = 1;
    private const uint CounterSample = 2;
    private const uint ExpandedFlowSample = 3;
    private const uint ExpandedCounterSample = 4;
    private const uint DiscardedPacket = 5;

    private ExportedFlow _flow;

    public CollectStatus Read(ExporterEndpoint from, long receivedNs, Span<byte> datagram)
    {
        if (datagram.Length < 28)
            return CollectStatus.HeaderTruncated;
        var addressType = BinaryPrimitives.ReadUInt32BigEndian(datagram[4..]);
        var addressLength = addressType switch { 1 => 4, 2 => 16, _ => 0 };
        if (addressLength == 0)
            return CollectStatus.Malformed;
        var rest = 8 + addressLength;
        if (datagram.Length < rest + 16)
            return CollectStatus.HeaderTruncated;
        var agent = addressLength == 4 ? HostAddress.FromIPv4(BinaryPrimitives.ReadUInt32BigEndian(datagram[8..])) : HostAddress.FromIPv6(datagram[8..]);
        var subAgent = BinaryPrimitives.ReadUInt32BigEndian(datagram[rest..]);
        var sequence = BinaryPrimitives.ReadUInt32BigEndian(datagram[(rest + 4)..]);
        var uptimeMs = BinaryPrimitives.ReadUInt32BigEndian(datagram[(rest + 8)..]);
        var samples = BinaryPrimitives.ReadUInt32BigEndian(datagram[(rest + 12)..]);

        var domain = exporters.Get(new DomainKey(from, ExportFormat.Sflow5, subAgent, agent), receivedNs);
        // An sFlow agent tells no time of day; what arrives now was seen now.
        if (!domain.Begin(sequence, Fingerprint.Of(datagram), receivedNs, receivedNs, uptimeMs))
            return CollectStatus.Duplicate;
        domain.Sequence.End(1);
        var status = ReadSamples(datagram[(rest + 16)..], samples, domain, receivedNs);
        return status;
    }

    private CollectStatus ReadSamples(Span<byte> samples, uint count, ExporterDomain domain, long receivedNs)
    {
        for (; count > 0; count--)
        {
            if (samples.Length < 8)
                return Cut(samples);
            var format = BinaryPrimitives.ReadUInt32BigEndian(samples);
            var length = BinaryPrimitives.ReadUInt32BigEndian(samples[4..]);
            if (length > (uint)(samples.Length - 8))
                return Cut(samples);
            var sample = samples.Slice(8, (int)length);
            // Samples are padded to four octets within their length; what says otherwise has lost its place.
            samples = samples[(8 + (int)length)..];
            var isWhole = format switch
            {
                FlowSample => ReadFlowSample(sample, expanded: false, domain, receivedNs),
                ExpandedFlowSample => ReadFlowSample(sample, expanded: true, domain, receivedNs),
                CounterSample => ReadCounterSample(sample, expanded: false, domain, receivedNs),
                ExpandedCounterSample => ReadCounterSample(sample, expanded: true, domain, receivedNs),
                DiscardedPacket => ReadDiscardedPacket(sample, domain, receivedNs),
                _ => Blank(sample),
            };
            if (!isWhole)
            {
                samples.Clear();
                return CollectStatus.Malformed;
            }
        }

        samples.Clear();
        return CollectStatus.Ok;
    }

    /// <summary>§5.3 flow_sample and flow_sample_expanded.</summary>
    private bool ReadFlowSample(Span<byte> sample, bool expanded, ExporterDomain domain, long receivedNs)
    {
        var head = expanded ? 44 : 32;
        if (sample.Length < head)
            return Blank(sample) && false;
        var at = expanded ? 12 : 8;
        var rate = SamplingRate.Stated(BinaryPrimitives.ReadUInt32BigEndian(sample[at..]), SamplingSource.Sample);
        var drops = BinaryPrimitives.ReadUInt32BigEndian(sample[(at + 8)..]);
        domain.NoteSampleDrops(expanded ? BinaryPrimitives.ReadUInt32BigEndian(sample[8..]) : BinaryPrimitives.ReadUInt32BigEndian(sample[4..]), drops);
        Begin(domain.Key, receivedNs);
        if (expanded)
        {
            TakeInterface(BinaryPrimitives.ReadUInt32BigEndian(sample[24..]), BinaryPrimitives.ReadUInt32BigEndian(sample[28..]), egress: false);
            TakeInterface(BinaryPrimitives.ReadUInt32BigEndian(sample[32..]), BinaryPrimitives.ReadUInt32BigEndian(sample[36..]), egress: true);
        }
        else
        {
            var input = BinaryPrimitives.ReadUInt32BigEndian(sample[20..]);
            var output = BinaryPrimitives.ReadUInt32BigEndian(sample[24..]);
            TakeInterface(input >> 30, input & 0x3FFF_FFFF, egress: false);
            TakeInterface(output >> 30, output & 0x3FFF_FFFF, egress: true);
        }

        return ReadFlowRecords(sample[head..], BinaryPrimitives.ReadUInt32BigEndian(sample[(head - 4)..]), rate, domain);
    }

    /// <summary>sFlow Discarded Packet Notifications (sflow.org, 2020): each is one packet that was dropped, limited in rate but not sampled by count.</summary>
    private bool ReadDiscardedPacket(Span<byte> sample, ExporterDomain domain, long receivedNs)
    {
        const int Head = 32;
        if (sample.Length < Head)
            return Blank(sample) && false;
        Begin(domain.Key, receivedNs);
        TakeInterface(0, BinaryPrimitives.ReadUInt32BigEndian(sample[16..]), egress: false);
        TakeInterface(0, BinaryPrimitives.ReadUInt32BigEndian(sample[20..]), egress: true);
        _flow.ForwardingStatus = 0x80; // dropped, reason unknown
        _flow.Fields |= FlowFields.ForwardingStatus;
        return ReadFlowRecords(sample[Head..], BinaryPrimitives.ReadUInt32BigEndian(sample[(Head - 4)..]), SamplingRate.Unknown, domain);
    }

    private void Begin(DomainKey key, long receivedNs)
    {
        _flow = default;
        _flow.Format = ExportFormat.Sflow5;
        _flow.Exporter = key.Exporter;
        _flow.ObservationDomainId = key.DomainId;
        _flow.StartNs = _flow.EndNs = _flow.ExportNs = _flow.ReceivedNs = receivedNs;
    }

    /// <summary>§5.3: format 0 is an interface, 1 a reason for discarding, 2 a number of interfaces (broadcast, multicast).</summary>
    private void TakeInterface(uint format, uint value, bool egress)
    {
        if (egress && format == 1)
        {
            _flow.ForwardingStatus = 0x80;
            _flow.Fields |= FlowFields.ForwardingStatus;
        }

        if (format != 0)
            return;
        if (egress)
            _flow.EgressInterface = value;
        else
            _flow.IngressInterface = value;
        _flow.Fields |= egress ? FlowFields.EgressInterface : FlowFields.IngressInterface;
    }

    private static bool Blank(Span<byte> octets)
    {
        octets.Clear();
        return true;
    }

    private static CollectStatus Cut(Span<byte> octets)
    {
        octets.Clear();
        return CollectStatus.Truncated;
    }
}
