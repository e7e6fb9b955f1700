using EdgeSensors.Protocol;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>
/// An OpenC2 command of the Stateless Packet Filtering profile (OASIS openc2-slpf 1.0): <c>deny</c> on addresses or a connection, with start and stop.
/// </summary>
public sealed record SlpfCommand
{
    /// <summary>What to deny.</summary>
    public required SlpfTarget Target { get; init; }

    /// <summary>Which way the denied traffic goes; of addresses it says which end of a packet is looked at.</summary>
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
        Target.Write(writer);
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
        var command = new SlpfCommand
        {
            Target = SlpfTarget.Read(reader.Object("target")),
            Direction = slpf.Word("direction", Words.SlpfDirections),
            DropProcess = slpf.Word("drop_process", Words.DropProcesses),
            StartTime = args.Time("start_time"),
            StopTime = args.Time("stop_time"),
        };
        if (command.StopTime <= command.StartTime)
        {
            reader.Faults.Add(args.PathOf("stop_time"), "is not after start_time");
        }

        slpf.RefuseUnknown();
        args.RefuseUnknown();
        reader.RefuseUnknown();
        return command;
    }
}
