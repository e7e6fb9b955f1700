using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Trust.Repository;

/// <summary>What was asked of a repository, or the error that stood in the way.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
public readonly struct RepositoryResult<T>
    where T : class
{
    private readonly T? _value;
    private readonly RepositoryError? _error;

    internal RepositoryResult(T? value, RepositoryError? error)
    {
        _value = value;
        _error = error;
    }

    /// <summary>Whether it was done.</summary>
    public bool IsSuccess => _value is not null;

    /// <summary>Hands out the value, or the error.</summary>
    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out RepositoryError? error)
    {
        value = _value;
        error = _value is null ? _error ?? throw new InvalidOperationException("A result that was never set.") : null;
        return _value is not null;
    }
}
