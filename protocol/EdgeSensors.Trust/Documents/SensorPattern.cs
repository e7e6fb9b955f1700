using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Documents;

/// <summary>Which sensors a grant or a rule speaks of: <c>*</c> all, <c>operator/*</c> one operator's, <c>operator/sensor</c> one.</summary>
public readonly record struct SensorPattern
{
    private readonly OperatorId? _operator;
    private readonly SensorId? _sensor;

    private SensorPattern(OperatorId? op, SensorId? sensor)
    {
        _operator = op;
        _sensor = sensor;
    }

    /// <summary>Every sensor of every operator.</summary>
    public static SensorPattern All => default;

    /// <summary>Every sensor of one operator.</summary>
    public static SensorPattern Of(OperatorId op) => new(op, null);

    /// <summary>One sensor.</summary>
    public static SensorPattern Of(OperatorId op, SensorId sensor) => new(op, sensor);

    /// <summary>Whether it means one sensor only.</summary>
    public bool IsOneSensor => _sensor is not null;

    /// <summary>Reads a pattern; false when it is none of the three shapes.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SensorPattern pattern)
    {
        pattern = default;
        if (text == "*")
        {
            return true;
        }

        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0 || !OperatorId.TryParse(text![..slash], out var op))
        {
            return false;
        }

        if (text[(slash + 1)..] == "*")
        {
            pattern = Of(op);
            return true;
        }

        var valid = SensorId.TryParse(text[(slash + 1)..], out var sensor);
        pattern = valid ? Of(op, sensor) : default;
        return valid;
    }

    /// <summary>Reads a pattern that is known to be right; throws <see cref="FormatException"/> when it is not.</summary>
    public static SensorPattern Parse(string text) =>
        TryParse(text, out var pattern) ? pattern : throw new FormatException($"'{text}' is not '*', 'operator/*' or 'operator/sensor'.");

    /// <summary>Whether a sensor is meant.</summary>
    public bool Matches(OperatorId op, SensorId sensor) =>
        (_operator is null || _operator == op) && (_sensor is null || _sensor == sensor);

    /// <summary>Whether every sensor that <paramref name="other"/> means is meant here too.</summary>
    public bool Contains(SensorPattern other) =>
        (_operator is null || _operator == other._operator) && (_sensor is null || _sensor == other._sensor);

    /// <inheritdoc/>
    public override string ToString() => _operator is null ? "*" : $"{_operator}/{_sensor?.Text ?? "*"}";
}
