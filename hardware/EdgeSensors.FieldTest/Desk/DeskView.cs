using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Platform.Host;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Hardware.Boards;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>What the tap on the desk looks like at a moment.</summary>
internal sealed record DeskView
{
    /// <summary>Before it started.</summary>
    public static DeskView Nothing { get; } = new();

    /// <summary>Sensor and operator; empty before it is enrolled.</summary>
    public string Name { get; init; } = "";

    /// <summary>Host and port.</summary>
    public string Hub { get; init; } = "";

    public bool IsConnected { get; init; }

    public bool LedIsOn { get; init; }

    public TapCondition Condition { get; init; } = TapCondition.HealthOnly;

    /// <summary>How long the button is still held; null when it is up.</summary>
    public TimeSpan? Held { get; init; }

    public bool LidIsClosed { get; init; } = true;

    public bool CableIsIn { get; init; }

    public bool LinkIsUp { get; init; }

    /// <summary>Frames that the chip kept, and that it dropped.</summary>
    public (long Kept, long Dropped) Chip { get; init; }

    /// <summary>Frames that never got to the chip: too long for a wire, no room on the mirror port, missed by this machine.</summary>
    public (long TooLong, long Crowded, long Missed) Wire { get; init; }

    /// <summary>Why the interface gives nothing; null while all is well.</summary>
    public string? WireTrouble { get; init; }

    /// <summary>Frames whose headers the program took.</summary>
    public long Frames { get; init; }

    /// <summary>Messages that wait, and the number of the last one that the hub has committed.</summary>
    public (int Waiting, ulong Acknowledged) Outbox { get; init; }

    public string Authorization { get; init; } = "none";

    public long TimestampVersion { get; init; }

    public string Witness { get; init; } = "none";

    /// <summary>The blocklist's version; 0 without one.</summary>
    public long List { get; init; }

    /// <summary>Pages of flash programmed, and sectors erased, since it started.</summary>
    public (long Programs, long Erases) Flash { get; init; }

    /// <summary>Takes it.</summary>
    public static DeskView Of(Tap1Board board, DeskBoard panel, Tap? program, TapIdentity? identity, MqttHubLink? link, LiveWire? wire, bool cable, TimeSpan? held) => new()
    {
        Name = identity is null ? "" : $"{identity.Sensor} of {identity.Operator}",
        Hub = identity is null ? "" : $"{identity.Host}:{identity.Port}",
        IsConnected = link is { IsConnected: true },
        LedIsOn = board.Led.IsOn,
        Condition = panel.Condition,
        Held = held,
        LidIsClosed = board.Lid.IsClosed,
        CableIsIn = cable,
        LinkIsUp = board.Ethernet.IsLinkUp,
        Chip = (board.Ethernet.Kept, board.Ethernet.Dropped),
        Wire = wire is null ? default : (wire.TooLong, wire.Crowded, wire.Missed),
        WireTrouble = wire?.Trouble,
        Frames = program?.Frames ?? 0,
        Outbox = program is null ? default : (program.Outbox.Waiting, program.Outbox.Acknowledged),
        Authorization = program?.Meter.Authority is { Id: { } id } authority && program.Time.IsTrusted && authority.IsInForce(program.Time.UnixMs) ? id : "none",
        TimestampVersion = program?.State.TimestampVersion ?? 0,
        Witness = program?.Updates.Tuf.Witness is { Length: > 0 } witness ? witness : "none",
        List = program?.Updates.List?.Version ?? 0,
        Flash = (board.Flash.Array.Programs, board.Flash.Array.Erases),
    };
}
