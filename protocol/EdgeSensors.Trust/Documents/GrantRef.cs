using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Protocol;

namespace EdgeSensors.Trust.Documents;

/// <summary>Names a grant: <c>issuer/id</c>.</summary>
/// <param name="Issuer">Who gave it.</param>
/// <param name="Id">Which of the issuer's grants.</param>
public readonly record struct GrantRef(OperatorId Issuer, DocumentId Id)
{
    /// <summary>Reads <c>issuer/id</c>; false when either part is not an id.</summary>
    public static bool TryParse([NotNullWhen(true)] string? text, out GrantRef grant)
    {
        grant = default;
        var slash = text?.IndexOf('/', StringComparison.Ordinal) ?? -1;
        if (slash < 0 || !OperatorId.TryParse(text![..slash], out var issuer) || !DocumentId.TryParse(text[(slash + 1)..], out var id))
        {
            return false;
        }

        grant = new GrantRef(issuer, id);
        return true;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Issuer}/{Id}";
}
