namespace EdgeSensors.Firmware.Trust;

/// <summary>PATHPATTERN of TUF 1.0.34, section 4.5: <c>*</c> and <c>?</c> stand for no path separator.</summary>
internal static class PathPattern
{
    /// <summary>Whether a pattern in a buffer covers a path. One level of backtracking: time within pattern times path.</summary>
    public static bool Matches(byte[] b, int start, int length, string path)
    {
        int p = 0, t = 0, star = -1, mark = 0;
        while (t < path.Length)
        {
            byte c = p < length ? b[start + p] : (byte)0;
            if (c == (byte)'*')
            {
                star = p++;
                mark = t;
            }
            else if (c != 0 && (c == path[t] || (c == (byte)'?' && path[t] != '/')))
            {
                p++;
                t++;
            }
            else if (star >= 0 && path[mark] != '/')
            {
                p = star + 1;
                mark++;
                t = mark;
            }
            else
            {
                return false;
            }
        }

        while (p < length && b[start + p] == (byte)'*')
        {
            p++;
        }

        return p == length;
    }
}
