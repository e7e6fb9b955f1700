using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.Trust.Metadata;

/// <summary>PATHPATTERN of specification §4.5: shell wildcards, where <c>*</c> and <c>?</c> stand for no path separator.</summary>
internal static class PathPattern
{
    public static bool Matches(string pattern, string path)
    {
        // One level of backtracking, to the last star, is enough for globs: time stays within pattern × path, whatever the pattern.
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < path.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                mark = t;
            }
            else if (p < pattern.Length && (pattern[p] == path[t] || (pattern[p] == '?' && path[t] != '/')))
            {
                p++;
                t++;
            }
            else if (star >= 0 && path[mark] != '/')
            {
                p = star + 1;
                t = ++mark;
            }
            else
            {
                return false;
            }
        }

        return pattern.AsSpan(p).TrimStart('*').IsEmpty;
    }

    /// <summary>What <c>path_hash_prefixes</c> are prefixes of: SHA-256 of the path, lower-case hex.</summary>
    public static string HashOf(string path) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(path)));
}
