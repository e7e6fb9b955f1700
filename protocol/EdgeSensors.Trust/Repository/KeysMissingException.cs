namespace EdgeSensors.Trust.Repository;

/// <summary>A role cannot be signed with the keys at hand; turned into an error value at the edge, in <see cref="TufRepository"/>.</summary>
internal sealed class KeysMissingException(string role, int held, int threshold)
    : Exception($"{held} of its keys are at hand and {threshold} must sign; give the passphrase of the offline keys, or the folder that holds more of them")
{
    public string Role { get; } = role;
}
