using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Client;

/// <summary>A value that was verified, or the error that stood in the way.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
public readonly struct TufResult<T>
    where T : class
{
    private readonly T? _value;
    private readonly TufError? _error;

    private TufResult(T? value, TufError? error)
    {
        _value = value;
        _error = error;
    }

    /// <summary>Whether there is a value.</summary>
    public bool IsSuccess => _value is not null;

    /// <summary>Hands out the value, or the error.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out TufError? error)
    {
        value = _value;
        error = _value is null ? _error ?? throw new InvalidOperationException("A result that was never set.") : null;
        return _value is not null;
    }

    internal static TufResult<T> Of(T value) => new(value, null);

    internal static TufResult<T> Of(TufError error) => new(null, error);
}
