using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Decide;

/// <summary>Who decides.</summary>
/// <param name="Name">A person's name, or <see cref="Mitigations.PolicyName"/>.</param>
/// <param name="Certificate">SHA-256 of the certificate by which a person was known, in lower-case hex; null for the policy.</param>
internal readonly record struct Approver(string Name, string? Certificate)
{
    /// <summary>The hub's own policy.</summary>
    public static Approver Policy => new(Mitigations.PolicyName, null);

    public bool IsPolicy => Certificate is null;
}

/// <summary>One yes to a mitigation. The same name never counts twice.</summary>
internal sealed record Approval(Approver By, UnixMilliseconds At);

/// <summary>What somebody says against a mitigation who bears it: an operator's complaint counts once.</summary>
/// <param name="Operator">The operator that is counted: of the sensor whose certificate it came with, or the person.</param>
/// <param name="By">The sensor or person.</param>
/// <param name="At">When it came.</param>
/// <param name="Reason">For a person.</param>
internal sealed record Complaint(string Operator, string By, UnixMilliseconds At, string Reason);

/// <summary>New activations wait until a person releases them.</summary>
/// <param name="Issuer">Whose grants it is about; <see cref="Everything"/> for all.</param>
/// <param name="By">Who stopped them.</param>
/// <param name="At">When.</param>
/// <param name="Reason">For a person.</param>
internal sealed record Hold(string Issuer, string By, UnixMilliseconds At, string Reason)
{
    /// <summary>The issuer of a hold on everything.</summary>
    public const string Everything = "*";

    public bool Covers(OperatorId issuer) => Issuer == Everything || Issuer == issuer.Text;
}
