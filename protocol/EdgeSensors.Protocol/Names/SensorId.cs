using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Protocol;

/// <summary>The name of a sensor: a lower-case DNS label of 3 to 63 characters (RFC 1035 §2.3.1, RFC 1123 §2.1).</summary>
public readonly record struct SensorId
{
    private readonly string? _text;

    private SensorId(string text) => _text = text;

    /// <summary>The label; throws <see cref="InvalidOperationException"/> on <c>default</c>, which names none.</summary>
    public string Text => _text ?? throw new InvalidOperationException("A sensor id that was never set.");

    /// <summary>Reads a label; false when it is not a lower-case DNS label of 3 to 63 characters.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out SensorId id)
    {
        var valid = DnsLabel.IsValid(text);
        id = valid ? new SensorId(text!) : default;
        return valid;
    }

    /// <summary>Reads a label that is known to be right; throws <see cref="FormatException"/> when it is not.</summary>
    public static SensorId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"'{text}' is not a lower-case DNS label of 3 to 63 characters.");

    /// <inheritdoc/>
    public override string ToString() => _text ?? "";
}
