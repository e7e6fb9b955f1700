using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// An OpenC2 command of the Stateless Packet Filtering profile (OASIS openc2-slpf 1.0): <c>deny</c> on an <c>ipv4_net</c> or
/// <c>ipv6_net</c>, with start and stop.
/// </summary>
public sealed record SlpfCommand
{
    /// <summary>The addresses to deny; IPv4 is written as <c>ipv4_net</c>, IPv6 as <c>ipv6_net</c>.</summary>
    public required Prefix Target { get; init; }

    /// <summary>Which way the denied traffic goes.</summary>
    public required SlpfDirection Direction { get; init; }

    /// <summary>What the sender learns.</summary>
    public SlpfDropProcess DropProcess { get; init; }

    /// <summary>From when (OpenC2 language 1.0 §3.3.1.4).</summary>
    public required UnixMilliseconds StartTime { get; init; }

    /// <summary>Until when; after <see cref="StartTime"/>.</summary>
    public required UnixMilliseconds StopTime { get; init; }

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.String("action", "deny");
        writer.Member("actuator");
        writer.BeginObject();
        writer.Member("slpf");
        writer.BeginObject();
        writer.EndObject();
        writer.EndObject();
        writer.Member("args");
        writer.BeginObject();
        writer.Member("slpf");
        writer.BeginObject();
        writer.String("direction", Words.Of(Words.SlpfDirections, Direction));
        writer.String("drop_process", Words.Of(Words.DropProcesses, DropProcess));
        writer.EndObject();
        writer.Integer("start_time", StartTime.Value);
        writer.Integer("stop_time", StopTime.Value);
        writer.EndObject();
        writer.Member("target");
        writer.BeginObject();
        writer.String(Target.IsIPv4 ? "ipv4_net" : "ipv6_net", Target.ToString());
        writer.EndObject();
        writer.EndObject();
    }

    internal static SlpfCommand Read(ObjectReader reader)
    {
        if (reader.String("action") != "deny")
        {
            reader.Faults.Add(reader.PathOf("action"), "is not 'deny'");
        }

        var actuator = reader.Object("actuator");
        actuator.Object("slpf").RefuseUnknown();
        actuator.RefuseUnknown();

        var args = reader.Object("args");
        var slpf = args.Object("slpf");
        var target = reader.Object("target");
        var family = target.Has("ipv4_net") ? "ipv4_net" : "ipv6_net";
        var command = new SlpfCommand
        {
            Target = Words.ReadPrefix(target.Value(family), target.PathOf(family), reader.Faults),
            Direction = slpf.Word("direction", Words.SlpfDirections),
            DropProcess = slpf.Word("drop_process", Words.DropProcesses),
            StartTime = args.Time("start_time"),
            StopTime = args.Time("stop_time"),
        };
        if (command.Target.IsIPv4 != (family == "ipv4_net"))
        {
            reader.Faults.Add(target.PathOf(family), "is of the other address family");
        }

        if (command.StopTime <= command.StartTime)
        {
            reader.Faults.Add(args.PathOf("stop_time"), "is not after start_time");
        }

        slpf.RefuseUnknown();
        args.RefuseUnknown();
        target.RefuseUnknown();
        reader.RefuseUnknown();
        return command;
    }
}
