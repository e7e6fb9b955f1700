namespace EdgeSensors.Trust.Repository;

/// <summary>Why nothing was published.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Role">The role at hand; empty when it is the whole.</param>
/// <param name="Message">What happened and what to do, for a person.</param>
public sealed record RepositoryError(RepositoryErrorKind Kind, string Role, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => Role.Length == 0 ? Message : $"{Role}: {Message}";
}
