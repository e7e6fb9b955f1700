namespace EdgeSensors.Trust.Requests;

/// <summary>How far a role's next version is signed.</summary>
/// <param name="Role">The role.</param>
/// <param name="Whose">Whose signatures count: <c>targets</c>, or for a root <c>root before</c> and <c>root after</c>.</param>
/// <param name="Signatures">How many have signed.</param>
/// <param name="Threshold">How many must.</param>
/// <param name="Waiting">The ids of the keys that may still sign.</param>
public sealed record RequestStanding(string Role, string Whose, int Signatures, int Threshold, IReadOnlyList<string> Waiting)
{
    /// <summary>Whether enough have signed.</summary>
    public bool IsMet => Signatures >= Threshold;
}
