using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>One stage of canaries before a rule reaches the fleet, and what must hold before the next one.</summary>
public sealed record RolloutStage
{
    /// <summary>The share of the rule's sensors, in percent, that are canaries: 1 to 100.</summary>
    public required int SharePercent { get; init; }

    /// <summary>At most this many of them, and of the sensors that a rule may name in this stage: 1 to 4,096.</summary>
    public required int MaxSensors { get; init; }

    /// <summary>Canaries besides the share, at most 256 patterns.</summary>
    public IReadOnlyList<SensorPattern> Sensors { get; init; } = [];

    /// <summary>The least time in this stage, in milliseconds.</summary>
    public required long SoakMs { get; init; }

    /// <summary>The least share of the stage's sensors, in percent, that say they carry the rule out: 0 to 100.</summary>
    public required int AppliedPercent { get; init; }

    /// <summary>The greatest share of them, in percent, that may have refused it: 0 to 100.</summary>
    public required int RefusedPercent { get; init; }

    internal void Write(CanonicalJsonWriter writer)
    {
        writer.BeginObject();
        writer.Integer("applied_percent", AppliedPercent);
        writer.Integer("max_sensors", MaxSensors);
        writer.Integer("refused_percent", RefusedPercent);
        writer.Strings("sensors", Sensors);
        writer.Integer("share_percent", SharePercent);
        writer.Integer("soak_ms", SoakMs);
        writer.EndObject();
    }

    internal static RolloutStage Read(ObjectReader reader)
    {
        var stage = new RolloutStage
        {
            SharePercent = (int)reader.Integer("share_percent", 1, 100),
            MaxSensors = (int)reader.Integer("max_sensors", 1, 4_096),
            Sensors = reader.Sensors(0, 256),
            SoakMs = reader.Integer("soak_ms", 0, RevertBounds.MaxMs),
            AppliedPercent = (int)reader.Integer("applied_percent", 0, 100),
            RefusedPercent = (int)reader.Integer("refused_percent", 0, 100),
        };
        reader.RefuseUnknown();
        return stage;
    }
}
