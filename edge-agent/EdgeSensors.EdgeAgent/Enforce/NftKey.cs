using System.Globalization;
using System.Net;
using System.Text.Json;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>The key of a set's elements in nft's JSON (libnftables-json(5)): one field alone, or several as a concatenation, always in the order of <see cref="NftFields"/>.</summary>
internal static class NftKey
{
    // nft writes a protocol by the name that /etc/protocols has for it, and by its number where there is none.
    private static readonly (string Name, byte Number)[] s_protocols = [("icmp", 1), ("tcp", 6), ("udp", 17), ("ipv6-icmp", 58), ("icmpv6", 58), ("sctp", 132)];

    /// <summary>Writes the set's <c>type</c>.</summary>
    public static void WriteType(Utf8JsonWriter json, NftSet set)
    {
        var address = set.IsIPv4 ? "ipv4_addr" : "ipv6_addr";
        if (set.Fields.Count == 1)
        {
            json.WriteString("type", address);
            return;
        }

        json.WriteStartArray("type");
        foreach (var (named, type) in new[]
        {
            (set.Fields.SourceLength is not null, address), (set.Fields.DestinationLength is not null, address), (set.Fields.Protocol, "inet_proto"),
            (set.Fields.SourcePort, "inet_service"), (set.Fields.DestinationPort, "inet_service"),
        })
        {
            if (named)
            {
                json.WriteStringValue(type);
            }
        }

        json.WriteEndArray();
    }

    /// <summary>Writes what a rule looks up in the set.</summary>
    public static void WriteFields(Utf8JsonWriter json, NftSet set)
    {
        Begin(json, set.Fields.Count);
        var header = set.IsIPv4 ? "ip" : "ip6";
        WriteAddress(json, set, header, "saddr", set.Fields.SourceLength);
        WriteAddress(json, set, header, "daddr", set.Fields.DestinationLength);
        if (set.Fields.Protocol)
        {
            json.WriteStartObject();
            json.WriteStartObject("meta");
            json.WriteString("key", "l4proto");
            json.WriteEndObject();
            json.WriteEndObject();
        }

        if (set.Fields.SourcePort)
        {
            WritePayload(json, "th", "sport");
        }

        if (set.Fields.DestinationPort)
        {
            WritePayload(json, "th", "dport");
        }

        End(json, set.Fields.Count);
    }

    /// <summary>Writes an element's key.</summary>
    public static void Write(Utf8JsonWriter json, PacketMatch match)
    {
        var count = NftSet.Of(NftRole.Drop, false, match).Fields.Count;
        Begin(json, count);
        if (match.Source is { } source)
        {
            json.WriteStringValue(source.Address.ToString());
        }

        if (match.Destination is { } destination)
        {
            json.WriteStringValue(destination.Address.ToString());
        }

        foreach (var number in new int?[] { match.Protocol, match.SourcePort, match.DestinationPort })
        {
            if (number is { } value)
            {
                json.WriteNumberValue(value);
            }
        }

        End(json, count);
    }

    /// <summary>Reads an element's key; false when it is none of that set. Throws what <see cref="JsonElement"/> throws on a member of another type.</summary>
    public static bool TryRead(JsonElement value, NftSet set, out PacketMatch match)
    {
        match = default;
        JsonElement[] parts = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("concat", out var concatenation) ? [.. concatenation.EnumerateArray()] : [value];
        if (parts.Length != set.Fields.Count)
        {
            return false;
        }

        var at = 0;
        foreach (var (length, isSource) in new[] { (set.Fields.SourceLength, true), (set.Fields.DestinationLength, false) })
        {
            if (length is not { } bits)
            {
                continue;
            }

            if (!IPAddress.TryParse(parts[at++].GetString(), out var address) || address.GetAddressBytes() is var octets && (octets.Length == 4) != set.IsIPv4
                || !Prefix.TryCreate(octets, bits, out var prefix))
            {
                return false;
            }

            match = isSource ? match with { Source = prefix } : match with { Destination = prefix };
        }

        if (set.Fields.Protocol)
        {
            if (!TryReadProtocol(parts[at++], out var protocol))
            {
                return false;
            }

            match = match with { Protocol = protocol };
        }

        foreach (var (isNamed, isSource) in new[] { (set.Fields.SourcePort, true), (set.Fields.DestinationPort, false) })
        {
            if (!isNamed)
            {
                continue;
            }

            if (!parts[at++].TryGetUInt16(out var port))
            {
                return false;
            }

            match = isSource ? match with { SourcePort = port } : match with { DestinationPort = port };
        }

        return true;
    }

    private static bool TryReadProtocol(JsonElement value, out byte protocol)
    {
        protocol = 0;
        if (value.ValueKind == JsonValueKind.Number)
        {
            return value.TryGetByte(out protocol);
        }

        var text = value.GetString();
        var known = Array.FindIndex(s_protocols, p => p.Name == text);
        protocol = known < 0 ? (byte)0 : s_protocols[known].Number;
        return known >= 0 || byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out protocol);
    }

    private static void WriteAddress(Utf8JsonWriter json, NftSet set, string header, string field, int? length)
    {
        if (length is not { } bits)
        {
            return;
        }

        if (bits == (set.IsIPv4 ? 32 : 128))
        {
            WritePayload(json, header, field);
            return;
        }

        var ones = new byte[set.IsIPv4 ? 4 : 16];
        ones.AsSpan().Fill(0xFF);
        json.WriteStartObject();
        json.WriteStartArray("&");
        WritePayload(json, header, field);
        json.WriteStringValue(Prefix.Of(ones, bits).Address.ToString());
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WritePayload(Utf8JsonWriter json, string header, string field)
    {
        json.WriteStartObject();
        json.WriteStartObject("payload");
        json.WriteString("protocol", header);
        json.WriteString("field", field);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Begin(Utf8JsonWriter json, int count)
    {
        if (count > 1)
        {
            json.WriteStartObject();
            json.WriteStartArray("concat");
        }
    }

    private static void End(Utf8JsonWriter json, int count)
    {
        if (count > 1)
        {
            json.WriteEndArray();
            json.WriteEndObject();
        }
    }
}
