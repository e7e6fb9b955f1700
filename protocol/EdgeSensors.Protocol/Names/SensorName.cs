using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Protocol;

/// <summary>A sensor's full name, <c>operator/sensor</c>: what a client certificate's common name and a topic both carry.</summary>
/// <param name="Operator">Who runs it.</param>
/// <param name="Sensor">Which of the operator's sensors.</param>
public readonly record struct SensorName(OperatorId Operator, SensorId Sensor)
{
    /// <summary>Reads <c>operator/sensor</c>; false when either part is not an id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SensorName name)
    {
        name = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0 || !OperatorId.TryParse(text![..slash], out var op) || !SensorId.TryParse(text[(slash + 1)..], out var sensor))
        {
            return false;
        }

        name = new SensorName(op, sensor);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Operator}/{Sensor}";
}
