using System.Globalization;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Decide;

/// <summary>
/// What a measure would have hit, from the flow store. Always "at least": sensors tell of picked flows and of their busiest prefixes, and of nothing else.
/// Packets and octets are scaled by each window's sampling ratio, flows are counted as seen.
/// </summary>
internal sealed record ImpactEstimate
{
    /// <summary>When it was made.</summary>
    public required UnixMilliseconds At { get; init; }

    /// <summary>How far back it looks.</summary>
    public required TimeSpan Window { get; init; }

    public long Flows { get; init; }

    public double Packets { get; init; }

    public double Octets { get; init; }

    /// <summary>Distinct own ends, as addresses or pseudonyms.</summary>
    public long OwnEnds { get; init; }

    /// <summary>By sensor, the most packets first, at most 64.</summary>
    public IReadOnlyList<SensorImpact> Sensors { get; init; } = [];

    /// <summary>By protocol and service port, the most packets first, at most 16.</summary>
    public IReadOnlyList<ServiceImpact> Services { get; init; } = [];

    /// <summary>What the whole /24 or /48 around a narrower target exchanged, where it was among a sensor's busiest: whoever shares it may share the target's fate.</summary>
    public NeighbourhoodImpact? Neighbourhood { get; init; }

    /// <summary>What is not known and why, each for a person.</summary>
    public IReadOnlyList<string> Unknown { get; init; } = [];

    /// <summary>False when the store did not answer in time: then nothing is known.</summary>
    public bool IsKnown { get; init; } = true;

    /// <summary>What would be hit in a time as long as the measure lasts.</summary>
    public double PacketsIn(TimeSpan duration) => Packets * (duration / Window);

    /// <summary>One line for the signed rule.</summary>
    public string ToText()
    {
        var span = string.Create(CultureInfo.InvariantCulture, $"in the {Window.TotalHours:0.##} h before {DateTimeOffset.FromUnixTimeMilliseconds(At.Value):yyyy-MM-dd HH:mm} UTC");
        if (!IsKnown)
        {
            return $"not known: the flow store did not answer in time for {span}";
        }

        var text = string.Create(
            CultureInfo.InvariantCulture,
            $"{span}: at least {Flows} flows, {Packets:0} packets, {Octets:0} octets, {OwnEnds} own addresses at {Sensors.Count} sensors");
        if (Neighbourhood is { } around)
        {
            text += string.Create(CultureInfo.InvariantCulture, $"; all of {around.Prefix} {around.Packets:0} packets with {around.OwnAddresses} own addresses");
        }

        text += Unknown.Count > 0 ? $"; not known: {string.Join(", ", Unknown)}" : "";
        return text.Length <= MitigationRule.MaxTextLength ? text : text[..MitigationRule.MaxTextLength];
    }
}

/// <summary>What would have been hit at one sensor.</summary>
internal sealed record SensorImpact(string Sensor, long Flows, double Packets, double Octets, long OwnEnds);

/// <summary>What would have been hit of one service: protocolIdentifier and the port of the opener's destination.</summary>
internal sealed record ServiceImpact(int Protocol, int Port, long Flows, double Packets, double Octets);

/// <summary>What a whole prefix exchanged.</summary>
internal sealed record NeighbourhoodImpact(string Prefix, double Packets, double Octets, long OwnAddresses);

/// <summary>What is asked of the flow store: the traffic with a prefix, of some sensors.</summary>
/// <param name="Target">The end that the measure is held against.</param>
/// <param name="Since">Received by the hub from then on.</param>
/// <param name="Sensors">Which sensors would carry it out.</param>
/// <param name="Protocol">Only this protocolIdentifier; null for any.</param>
/// <param name="TargetPort">Only with this port at the target; null for any.</param>
/// <param name="PeerPort">Only with this port at the other end; null for any.</param>
/// <param name="Peer">The other end, which the store mostly knows by a pseudonym and so cannot look for; null for any.</param>
internal sealed record ImpactQuestion(
    Prefix Target, UnixMilliseconds Since, IReadOnlyList<SensorPattern> Sensors, byte? Protocol = null, int? TargetPort = null, int? PeerPort = null, Prefix? Peer = null)
{
    public bool IsForAll => (Protocol, TargetPort, PeerPort, Peer) is (null, null, null, null);

    /// <summary>A connection is asked for by the end that it accuses, or where that is everybody by the end that it names.</summary>
    public static ImpactQuestion Of(SlpfTarget target, SlpfDirection direction, UnixMilliseconds since, IReadOnlyList<SensorPattern> sensors)
    {
        if (target.Net is { } net)
        {
            return new(net, since, sensors);
        }

        byte? protocol = target is { Protocol: L4Protocol.Icmp, IsIPv4: false } ? (byte)58 : (byte?)target.Protocol;
        return target.Source is { } source && (direction != SlpfDirection.Egress || target.Destination is null)
            ? new(source, since, sensors, protocol, target.SourcePort, target.DestinationPort, target.Destination)
            : new(target.Destination!.Value, since, sensors, protocol, target.DestinationPort, target.SourcePort, target.Source);
    }
}
