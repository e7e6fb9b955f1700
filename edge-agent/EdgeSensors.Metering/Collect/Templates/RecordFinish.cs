using EdgeSensors.Metering.Collect.Accounting;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Makes sense of a record once all its fields are read: which address family is meant, when the flow was, what sampling rate it states.</summary>
internal static class RecordFinish
{
    public static void Complete(ref ExportedFlow flow, ref RecordValues values, in MessageContext message)
    {
        ResolveAddresses(ref flow, ref values);
        ResolveIcmp(ref flow, ref values);
        ResolveTimes(ref flow, ref values, in message);
    }

    /// <summary>The rate stated by sampling elements (RFC 5477 §8.2); unknown when they do not make one.</summary>
    public static SamplingRate Rate(ref readonly RecordValues values, SamplingSource source)
    {
        if (values is { Size: > 0, Population: > 0 })
            return SamplingRate.Stated(values.Population / values.Size, source);
        if (values is { PacketInterval: > 0, PacketSpace: > 0 })
            return SamplingRate.Stated((values.PacketInterval + values.PacketSpace) / values.PacketInterval, source);
        if (values is { PacketInterval: 1, PacketSpace: 0 })
            return SamplingRate.Stated(1, source); // every packet, said in full
        if (values.Interval > 0)
            return SamplingRate.Stated(values.Interval, source);
        if (values.Probability > 0)
            return SamplingRate.Stated(1 / values.Probability, source);
        // By the letter an interval without a space says nothing; vendors mean "one in so many" by it. A 1 could mean either, so it stays unknown.
        return values.PacketInterval > 1 ? SamplingRate.Stated(values.PacketInterval, source) : SamplingRate.Unknown;
    }

    /// <summary>Exporters send templates with both families and leave one zero.</summary>
    private static void ResolveAddresses(ref ExportedFlow flow, ref RecordValues values)
    {
        var has4 = values.HasSource4 || values.HasDestination4;
        var has6 = values.HasSource6 || values.HasDestination6;
        if (!has4 && !has6)
            return;
        var zero6 = values.Source6 == default && values.Destination6 == default;
        var zero4 = (uint)values.Source4.Low == 0 && (uint)values.Destination4.Low == 0;
        var use6 = has6 && (!has4 || (values.IpVersion is 4 or 6 ? values.IpVersion == 6 : zero4 && !zero6));
        flow.IpVersion = (byte)(use6 ? 6 : 4);
        flow.Source = use6 ? values.Source6 : values.HasSource4 ? values.Source4 : HostAddress.FromIPv4(0);
        flow.Destination = use6 ? values.Destination6 : values.HasDestination4 ? values.Destination4 : HostAddress.FromIPv4(0);
        flow.Fields |= FlowFields.Addresses;
        if (use6 ? values.HasNextHop6 : values.HasNextHop4)
        {
            flow.NextHop = use6 ? values.NextHop6 : values.NextHop4;
            flow.Fields |= FlowFields.NextHop;
        }
    }

    private static void ResolveIcmp(ref ExportedFlow flow, ref RecordValues values)
    {
        if (values.HasIcmpType && !flow.Has(FlowFields.Icmp))
        {
            flow.IcmpTypeCode = (ushort)((values.IcmpType << 8) | values.IcmpCode);
            flow.Fields |= FlowFields.Icmp;
        }

        if (flow.Protocol is not (IpProtocol.Icmp or IpProtocol.IcmpV6) || !flow.Has(FlowFields.Protocol))
            return;
        // NetFlow's old habit: type and code in the place of the destination port.
        if (!flow.Has(FlowFields.Icmp) && flow.Has(FlowFields.Ports))
        {
            flow.IcmpTypeCode = flow.DestinationPort;
            flow.Fields |= FlowFields.Icmp;
        }

        (flow.SourcePort, flow.DestinationPort) = (0, 0);
        flow.Fields &= ~FlowFields.Ports;
    }

    private static void ResolveTimes(ref ExportedFlow flow, ref RecordValues values, in MessageContext message)
    {
        var start = values.StartNs;
        var end = values.EndNs;
        if (start == RecordValues.None && values.StartDeltaNs != RecordValues.None)
            start = message.ExportNs - values.StartDeltaNs;
        if (end == RecordValues.None && values.EndDeltaNs != RecordValues.None)
            end = message.ExportNs - values.EndDeltaNs;
        if (start == RecordValues.None && values.StartUptimeMs != RecordValues.None)
            start = AtUptime(values.StartUptimeMs, ref values, in message);
        if (end == RecordValues.None && values.EndUptimeMs != RecordValues.None)
            end = AtUptime(values.EndUptimeMs, ref values, in message);
        if (start == RecordValues.None && end == RecordValues.None)
            start = end = values.ObservationNs;
        if (start == RecordValues.None && end == RecordValues.None)
        {
            flow.StartNs = flow.EndNs = message.ExportNs;
            return;
        }

        var duration = values.DurationNs == RecordValues.None ? 0 : values.DurationNs;
        flow.StartNs = start != RecordValues.None ? start : end - duration;
        flow.EndNs = end != RecordValues.None ? end : start + duration;
        flow.Fields |= FlowFields.Times;
    }

    /// <summary>
    /// Milliseconds since start as a time: by the message's own uptime in NetFlow, by the record's or the domain's systemInitTimeMilliseconds in IPFIX.
    /// The difference to the export time is taken as a signed number, so the 49-day wrap of the counter is harmless.
    /// </summary>
    private static long AtUptime(long uptimeMs, ref readonly RecordValues values, in MessageContext message)
    {
        uint now;
        if (values.SystemInitNs != RecordValues.None)
            now = (uint)((message.ExportNs - values.SystemInitNs) / 1_000_000);
        else if (message.UptimeMs is { } uptime)
            now = uptime;
        else if (message.Domain.SystemInitNs is { } init)
            now = (uint)((message.ExportNs - init) / 1_000_000);
        else
            return RecordValues.None;
        return message.ExportNs - ((long)(int)(now - (uint)uptimeMs) * 1_000_000);
    }
}
