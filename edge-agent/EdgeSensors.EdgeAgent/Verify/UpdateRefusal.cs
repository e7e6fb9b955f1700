using System.Text;
using EdgeSensors.Trust.Client;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>How receipts name the reason for which an update was refused.</summary>
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
}
