using System.Text;
using EdgeSensors.Trust.Client;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>What the reason for which an update was refused means, and how receipts name it.</summary>
internal static class UpdateRefusal
{
    /// <summary>A token such as <c>tuf-threshold-unmet</c>.</summary>
    public static string Token(TufError error)
    {
        var token = new StringBuilder("tuf");
        foreach (var letter in error.Kind.ToString())
        {
            if (char.IsAsciiLetterUpper(letter))
            {
                token.Append('-');
            }

            token.Append(char.ToLowerInvariant(letter));
        }

        return token.ToString();
    }

    /// <summary>Whether something could not be brought for a reason that says nothing about it.</summary>
    public static bool SaysNothing(TufError error) => error.Kind is TufErrorKind.Unreachable or TufErrorKind.TooSlow or TufErrorKind.Store;
}
