namespace EdgeSensors.Trust.Repository;

/// <summary>A signing request cannot be published; turned into an error value at the edge, in <see cref="TufRepository"/>.</summary>
internal sealed class RequestRefusedException(RepositoryErrorKind kind, string role, string reason) : Exception(reason)
{
    public RepositoryErrorKind Kind { get; } = kind;

    public string Role { get; } = role;
}
