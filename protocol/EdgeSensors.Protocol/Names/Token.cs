using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Protocol;

/// <summary>
/// The only texts that messages carry: letters, digits and <c>. + - _ /</c>, few of them, so that a field can name a thing but is no place for
/// content (wall 1).
/// </summary>
public static class Token
{
    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+-_/");

    /// <summary>Whether a text is a token of at least one and at most <paramref name="maxLength"/> characters.</summary>
    public static bool IsValid([NotNullWhen(true)] string? text, int maxLength = 64) =>
        text is { Length: > 0 } && text.Length <= maxLength && !text.AsSpan().ContainsAnyExcept(Allowed);
}
