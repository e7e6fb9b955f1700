using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// What an OpenC2 command acts on (language 1.0 §3.4.1): addresses, <c>ipv4_net</c> or <c>ipv6_net</c>, or packets by their ends, protocol and ports,
/// <c>ipv4_connection</c> or <c>ipv6_connection</c>. A connection here names an address, and a port only beside a protocol that has ports.
/// </summary>
public sealed record SlpfTarget
{
    private SlpfTarget(bool isIPv4) => IsIPv4 = isIPv4;

    /// <summary>The addresses; null for a connection.</summary>
    public Prefix? Net { get; private init; }

    /// <summary>A connection's source addresses; null when any.</summary>
    public Prefix? Source { get; private init; }

    /// <summary>A connection's destination addresses; null when any.</summary>
    public Prefix? Destination { get; private init; }

    /// <summary>A connection's protocol; null when any.</summary>
    public L4Protocol? Protocol { get; private init; }

    /// <summary>A connection's source port; null when any.</summary>
    public int? SourcePort { get; private init; }

    /// <summary>A connection's destination port; null when any.</summary>
    public int? DestinationPort { get; private init; }

    /// <summary>The address family.</summary>
    public bool IsIPv4 { get; }

    /// <summary>Addresses, whatever they send or are sent.</summary>
    public static SlpfTarget Of(Prefix net) => new(net.IsIPv4) { Net = net };

    /// <summary>Addresses, see <see cref="Of"/>.</summary>
    public static implicit operator SlpfTarget(Prefix net) => Of(net);

    /// <summary>Packets from one end to another; false, and why, when that is no connection.</summary>
    public static bool TryConnect(
        Prefix? source, Prefix? destination, L4Protocol? protocol, int? sourcePort, int? destinationPort,
        [NotNullWhen(true)] out SlpfTarget? target, [NotNullWhen(false)] out string? fault)
    {
        target = null;
        fault = (source ?? destination) switch
        {
            null => "names no address",
            _ when source?.Length == 0 || destination?.Length == 0 => "names every address; leave the end out",
            { IsIPv4: var family } when destination is { } end && end.IsIPv4 != family => "has ends of two address families",
            _ when (sourcePort ?? destinationPort) is not null && protocol is null or L4Protocol.Icmp => "has a port and no protocol with ports",
            _ when sourcePort is < 0 or > 65_535 || destinationPort is < 0 or > 65_535 => "has a port that is none",
            _ => null,
        };
        if (fault is not null)
        {
            return false;
        }

        target = new SlpfTarget((source ?? destination)!.Value.IsIPv4)
        {
            Source = source, Destination = destination, Protocol = protocol, SourcePort = sourcePort, DestinationPort = destinationPort,
        };
        return true;
    }

    /// <summary>
    /// The addresses that a rule with this target is held against: of a net itself, of a connection its source when it comes in and its destination when it
    /// goes out, of one that does either each end that is named; every address there is where that end is not named. A connection is never wider than the net
    /// of such an address, so what bounds the net bounds it.
    /// </summary>
    public IReadOnlyList<Prefix> Accused(SlpfDirection direction) => (this, direction) switch
    {
        ({ Net: { } net }, _) => [net],
        (_, SlpfDirection.Ingress) => [Source ?? Everybody],
        (_, SlpfDirection.Egress) => [Destination ?? Everybody],
        _ => [.. new[] { Source, Destination }.OfType<Prefix>()],
    };

    /// <summary>For a net its text; for a connection <c>udp 203.0.113.5:53 > *</c>, with <c>any</c> for any protocol and <c>*</c> for any address.</summary>
    public override string ToString() =>
        Net?.ToString() ?? $"{(Protocol is { } protocol ? Words.Of(Words.Protocols, protocol) : "any")} {EndText(Source, SourcePort)} > {EndText(Destination, DestinationPort)}";

    /// <summary>Reads what <see cref="ToString"/> writes; false on anything else.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, [NotNullWhen(true)] out SlpfTarget? target)
    {
        target = null;
        if (Prefix.TryParse(text, out var net))
        {
            target = net;
            return true;
        }

        if (text?.Split(' ') is not [var word, var from, ">", var to] || !TryReadEnd(from, out var source, out var sourcePort) || !TryReadEnd(to, out var destination, out var destinationPort))
        {
            return false;
        }

        var protocol = Array.FindIndex(Words.Protocols, known => known.Word == word);
        return (protocol >= 0 || word == "any")
            && TryConnect(source, destination, protocol < 0 ? null : Words.Protocols[protocol].Value, sourcePort, destinationPort, out target, out _);
    }

    /// <summary>Reads a text that is known to be right; throws <see cref="FormatException"/> when it is not.</summary>
    public static SlpfTarget Parse(string text) =>
        TryParse(text, out var target) ? target : throw new FormatException($"'{text}' is neither an IP prefix nor a connection.");

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        if (Net is { } net)
        {
            writer.String(IsIPv4 ? "ipv4_net" : "ipv6_net", net.ToString());
            writer.EndObject();
            return;
        }

        writer.Member(IsIPv4 ? "ipv4_connection" : "ipv6_connection");
        writer.BeginObject();
        WriteEnd(writer, "dst", Destination, DestinationPort);
        if (Protocol is { } protocol)
        {
            writer.String("protocol", Words.Of(Words.Protocols, protocol));
        }

        WriteEnd(writer, "src", Source, SourcePort);
        writer.EndObject();
        writer.EndObject();
    }

    internal static SlpfTarget Read(ObjectReader reader)
    {
        var name = Array.Find(["ipv4_connection", "ipv6_connection", "ipv4_net"], reader.Has) ?? "ipv6_net";
        var target = name.EndsWith("_net", StringComparison.Ordinal)
            ? Words.ReadPrefix(reader.Value(name), reader.PathOf(name), reader.Faults)
            : ReadConnection(reader.Object(name), reader.PathOf(name));
        if (target.IsIPv4 != name.StartsWith("ipv4", StringComparison.Ordinal))
        {
            reader.Faults.Add(reader.PathOf(name), "is of the other address family");
        }

        reader.RefuseUnknown();
        return target;
    }

    private static SlpfTarget ReadConnection(ObjectReader reader, string path)
    {
        Prefix? Address(string name) => reader.Has(name) ? Words.ReadPrefix(reader.Value(name), reader.PathOf(name), reader.Faults) : null;
        int? Port(string name) => reader.Has(name) ? (int)reader.Integer(name, 0, 65_535) : null;
        if (!TryConnect(
            Address("src_addr"), Address("dst_addr"), reader.Has("protocol") ? reader.Word("protocol", Words.Protocols) : null, Port("src_port"), Port("dst_port"),
            out var target, out var fault))
        {
            reader.Faults.Add(path, fault);
        }

        reader.RefuseUnknown();
        return target ?? default(Prefix);
    }

    private static void WriteEnd(CanonicalJsonWriter writer, string end, Prefix? address, int? port)
    {
        if (address is { } prefix)
        {
            writer.String($"{end}_addr", prefix.ToString());
        }

        if (port is { } number)
        {
            writer.Integer($"{end}_port", number);
        }
    }

    private static string EndText(Prefix? address, int? port)
    {
        var text = address?.ToString() ?? "*";
        return port is null ? text : string.Create(CultureInfo.InvariantCulture, $"{(address is { IsIPv4: false } ? $"[{text}]" : text)}:{port}");
    }

    private static bool TryReadEnd(string text, out Prefix? address, out int? port)
    {
        (address, port) = (null, null);
        // An IPv6 address has colons of its own and stands in brackets before a port.
        var colon = text.StartsWith('[') || text.IndexOf(':', StringComparison.Ordinal) == text.LastIndexOf(':') ? text.LastIndexOf(':') : -1;
        if (colon >= 0)
        {
            if (!int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                return false;
            }

            (port, text) = (number, text[..colon]);
        }

        text = text.StartsWith('[') && text.EndsWith(']') ? text[1..^1] : text;
        if (text == "*")
        {
            return true;
        }

        var valid = Prefix.TryParse(text, out var prefix);
        address = prefix;
        return valid;
    }

    private Prefix Everybody => Prefix.Of(new byte[IsIPv4 ? 4 : 16], 0);
}
