using System.Text;

namespace EdgeSensors.Trust.Json;

/// <summary>The order of canonical JSON's members: by code point, which ordinal comparison of UTF-16 is not above U+FFFF.</summary>
internal sealed class CodePointOrder : IComparer<string>
{
    public static CodePointOrder Instance { get; } = new();

    public int Compare(string? x, string? y) =>
        Encoding.UTF8.GetBytes(x ?? "").AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(y ?? ""));
}
