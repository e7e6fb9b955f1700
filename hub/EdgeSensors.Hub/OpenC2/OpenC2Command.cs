using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>What a producer wants done.</summary>
internal enum OpenC2Action
{
    /// <summary>Say what is possible, <c>query</c>.</summary>
    Query,

    /// <summary>Stop packets, <c>deny</c>.</summary>
    Deny,

    /// <summary>Take back what stops packets, <c>allow</c>.</summary>
    Allow,

    /// <summary>Take a rule back by its number, <c>delete</c>.</summary>
    Delete,
}

/// <summary>How much of an answer a producer wants (OpenC2 language 1.0 §3.4.2.13).</summary>
internal enum OpenC2Wanted
{
    /// <summary>All of it; also where nothing is said.</summary>
    Complete,

    /// <summary>None.</summary>
    None,

    /// <summary>That the command came.</summary>
    Ack,

    /// <summary>How it stands.</summary>
    Status,
}

/// <summary>
/// A command of the Stateless Packet Filtering profile 1.0 (OASIS openc2-slpf), read strictly: what is not of the language is refused as a bad request, what is and
/// is not carried out as not implemented. Any octets give a command or the answer that refuses it.
/// </summary>
internal sealed record OpenC2Command
{
    /// <summary>The most octets of a message.</summary>
    public const int MaxOctets = 8 << 10;

    /// <summary>The profile's own target.</summary>
    public const string RuleNumberTarget = "slpf:rule_number";

    /// <summary>What <c>allow</c> and <c>deny</c> act on.</summary>
    public static readonly string[] Targets = ["ipv4_net", "ipv6_net", "ipv4_connection", "ipv6_connection"];

    private const int MaxIdLength = 64;

    private static readonly string[] s_features = ["versions", "profiles", "pairs", "rate_limit"];
    private static readonly (string Word, L4Protocol Value)[] s_protocols = [("icmp", L4Protocol.Icmp), ("tcp", L4Protocol.Tcp), ("udp", L4Protocol.Udp), ("sctp", L4Protocol.Sctp)];

    /// <summary>The producer's name for it; null when it gave none.</summary>
    public string? Id { get; private init; }

    public OpenC2Action Action { get; private init; }

    /// <summary>Of <see cref="OpenC2Action.Deny"/> and <see cref="OpenC2Action.Allow"/>.</summary>
    public SlpfTarget? Target { get; private init; }

    /// <summary>Which way the packets go; of a connection without a word about it, the way in which its source, or else its destination, is accused.</summary>
    public SlpfDirection Direction { get; private init; }

    /// <summary>Of <see cref="OpenC2Action.Delete"/>.</summary>
    public long RuleNumber { get; private init; }

    /// <summary>Of <see cref="OpenC2Action.Query"/>, each once.</summary>
    public IReadOnlyList<string> Features { get; private init; } = [];

    public UnixMilliseconds? StartTime { get; private init; }

    public UnixMilliseconds? StopTime { get; private init; }

    public TimeSpan? Duration { get; private init; }

    public OpenC2Wanted Wanted { get; private init; }

    /// <summary>Reads one out of a message.</summary>
    public static bool TryRead(JsonElement json, [NotNullWhen(true)] out OpenC2Command? command, [NotNullWhen(false)] out OpenC2Response? refusal)
    {
        try
        {
            (command, refusal) = (Read(json), null);
            return true;
        }
        catch (Refused refused)
        {
            (command, refusal) = (null, refused.Response);
            return false;
        }
    }

    private static OpenC2Command Read(JsonElement json)
    {
        var members = Members(json, "the command", "action", "target", "args", "actuator", "command_id");
        CheckActuator(members.GetValueOrDefault("actuator"));
        var command = ReadArguments(members.GetValueOrDefault("args"), new OpenC2Command
        {
            Id = members.TryGetValue("command_id", out var id) ? Text(id, "command_id", MaxIdLength) : null,
            Action = Text(members.GetValueOrDefault("action"), "action", 32) switch
            {
                "query" => OpenC2Action.Query,
                "deny" => OpenC2Action.Deny,
                "allow" => OpenC2Action.Allow,
                "delete" => OpenC2Action.Delete,
                var other => throw NotImplemented($"the action '{other}' is not carried out"),
            },
        }, out var direction);
        if (members.GetValueOrDefault("target") is not { ValueKind: JsonValueKind.Object } target || target.EnumerateObject().ToList() is not [var only])
        {
            throw Bad("target is not an object with one member");
        }

        return (command.Action, only.Name) switch
        {
            (OpenC2Action.Query, "features") => command with { Features = ReadFeatures(only.Value) },
            (OpenC2Action.Delete, RuleNumberTarget) => command with { RuleNumber = Integer(only.Value, RuleNumberTarget, 1, long.MaxValue) },
            (OpenC2Action.Deny or OpenC2Action.Allow, _) when Targets.Contains(only.Name) => WithTarget(command, only.Name, only.Value, direction),
            _ => throw NotImplemented($"'{command.Action.ToString().ToLowerInvariant()}' on '{Shown(only.Name)}' is not carried out"),
        };
    }

    private static OpenC2Command WithTarget(OpenC2Command command, string name, JsonElement value, SlpfDirection? direction)
    {
        var isIPv4 = name.StartsWith("ipv4", StringComparison.Ordinal);
        SlpfTarget target;
        if (name.EndsWith("_net", StringComparison.Ordinal))
        {
            target = Address(value, name, isIPv4);
        }
        else
        {
            var ends = Members(value, name, "src_addr", "src_port", "dst_addr", "dst_port", "protocol");
            Prefix? End(string end) => ends.TryGetValue(end, out var address) ? Address(address, end, isIPv4) : null;
            int? Port(string end) => ends.TryGetValue(end, out var port) ? (int)Integer(port, end, 0, 65_535) : null;
            L4Protocol? protocol = null;
            if (ends.TryGetValue("protocol", out var word))
            {
                var text = Text(word, "protocol", 8);
                var known = Array.Find(s_protocols, p => p.Word == text);
                protocol = known.Word is null ? throw Bad("protocol is none of icmp, tcp, udp, sctp") : known.Value;
            }

            if (!SlpfTarget.TryConnect(End("src_addr"), End("dst_addr"), protocol, Port("src_port"), Port("dst_port"), out var connection, out var fault))
            {
                throw NotImplemented($"{name} {fault}");
            }

            target = connection;
        }

        var accused = target.Net is not null ? SlpfDirection.Both : target.Source is not null ? SlpfDirection.Ingress : SlpfDirection.Egress;
        return command with { Target = target, Direction = direction ?? accused };
    }

    private static OpenC2Command ReadArguments(JsonElement json, OpenC2Command command, out SlpfDirection? direction)
    {
        direction = null;
        if (json.ValueKind == JsonValueKind.Undefined)
        {
            return command;
        }

        var args = Members(json, "args", null);
        UnixMilliseconds? Time(string name) => args.Remove(name, out var value) ? new UnixMilliseconds(Integer(value, name, 0, UnixMilliseconds.MaxValue)) : null;
        var read = command with
        {
            StartTime = Time("start_time"),
            StopTime = Time("stop_time"),
            Duration = args.Remove("duration", out var span) ? TimeSpan.FromMilliseconds(Integer(span, "duration", 1, UnixMilliseconds.MaxValue)) : null,
            Wanted = !args.Remove("response_requested", out var wanted) ? OpenC2Wanted.Complete : Text(wanted, "response_requested", 16) switch
            {
                "none" => OpenC2Wanted.None,
                "ack" => OpenC2Wanted.Ack,
                "status" => OpenC2Wanted.Status,
                "complete" => OpenC2Wanted.Complete,
                _ => throw Bad("response_requested is none of none, ack, status, complete"),
            },
        };
        if (read is { StartTime: not null, StopTime: not null, Duration: not null })
        {
            throw Bad("of start_time, stop_time and duration at most two may be given"); // language 1.0 §3.3.1.4
        }

        if (read is { StartTime: { } start, StopTime: { } stop } && stop <= start)
        {
            throw Bad("stop_time is not after start_time");
        }

        if (args.Remove("slpf", out var slpf))
        {
            direction = ReadSlpf(slpf);
        }

        return args.Count == 0 ? read : throw NotImplemented($"the argument '{Shown(args.Keys.First())}' is not carried out");
    }

    private static SlpfDirection? ReadSlpf(JsonElement json)
    {
        SlpfDirection? direction = null;
        foreach (var (name, value) in Members(json, "args.slpf", null))
        {
            switch (name)
            {
                case "drop_process":
                    _ = Text(value, name, 16) switch
                    {
                        "none" => true,
                        "reject" or "false_ack" => throw NotImplemented("what is dropped is dropped silently: drop_process may be none only"),
                        _ => throw Bad("drop_process is none of none, reject, false_ack"),
                    };
                    break;
                case "direction":
                    direction = Text(value, name, 16) switch
                    {
                        "both" => SlpfDirection.Both,
                        "ingress" => SlpfDirection.Ingress,
                        "egress" => SlpfDirection.Egress,
                        _ => throw Bad("direction is none of both, ingress, egress"),
                    };
                    break;
                case "persistent" when value.ValueKind == JsonValueKind.False:
                    break;
                default:
                    throw NotImplemented($"the argument 'slpf.{Shown(name)}' is not carried out: every rule ends, and has its place by itself");
            }
        }

        return direction;
    }

    private static void CheckActuator(JsonElement json)
    {
        if (json.ValueKind == JsonValueKind.Undefined)
        {
            return;
        }

        foreach (var (profile, specifiers) in Members(json, "actuator", null))
        {
            if (profile != "slpf")
            {
                throw NotImplemented($"the actuator profile '{Shown(profile)}' is not here");
            }

            if (Members(specifiers, "actuator.slpf", "hostname", "named_group", "asset_id", "asset_tuple").Count > 0)
            {
                throw new Refused(new OpenC2Response(OpenC2Status.NotFound, "there is no actuator of that name here; name none, and whoever approves says where it acts"));
            }
        }
    }

    private static List<string> ReadFeatures(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() > 10)
        {
            throw Bad("features is not a list of at most 10"); // language 1.0 §3.4.1.5
        }

        var features = json.EnumerateArray().Select(item => Text(item, "features", 32)).ToList();
        return features.Find(feature => !s_features.Contains(feature)) is { } unknown ? throw Bad($"there is no feature '{Shown(unknown)}'")
            : features.Distinct().Count() == features.Count ? features
            : throw Bad("features holds one twice");
    }

    private static Prefix Address(JsonElement json, string name, bool isIPv4) =>
        Prefix.TryParse(Text(json, name, 64), out var prefix) && prefix.IsIPv4 == isIPv4
            ? prefix
            : throw Bad($"{name} is no {(isIPv4 ? "IPv4" : "IPv6")} address, or prefix with its host bits zero");

    /// <summary>The members of an object; where names are given, no other.</summary>
    private static Dictionary<string, JsonElement> Members(JsonElement json, string what, params string[]? known)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            throw Bad($"{what} is not an object");
        }

        var members = json.EnumerateObject().ToDictionary(member => member.Name, member => member.Value);
        return known is not null && members.Keys.FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw Bad($"{what} has no member '{Shown(unknown)}'")
            : members;
    }

    private static string Text(JsonElement json, string name, int maxLength) =>
        json.ValueKind == JsonValueKind.String && json.GetString() is { Length: > 0 } text && text.Length <= maxLength && !text.Any(char.IsControl)
            ? text
            : throw Bad($"{name} is not a text of 1 to {maxLength} characters");

    private static long Integer(JsonElement json, string name, long min, long max) =>
        json.ValueKind == JsonValueKind.Number && json.TryGetInt64(out var number) && number >= min && number <= max
            ? number
            : throw Bad($"{name} is not an integer from {min} to {max}");

    private static string Shown(string text) => new([.. text.Take(40).Where(c => !char.IsControl(c))]);

    private static Refused Bad(string reason) => new(new OpenC2Response(OpenC2Status.BadRequest, reason));

    private static Refused NotImplemented(string reason) => new(new OpenC2Response(OpenC2Status.NotImplemented, reason));

    /// <summary>Ends the reading from any depth; never leaves <see cref="TryRead"/>.</summary>
    private sealed class Refused(OpenC2Response response) : Exception(response.Text)
    {
        public OpenC2Response Response => response;
    }
}
