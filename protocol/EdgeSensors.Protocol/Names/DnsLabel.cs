using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Protocol;

/// <summary>The shape that operator and sensor ids share, so that either fits a topic level, a path and a certificate's name without escaping.</summary>
internal static class DnsLabel
{
    private static readonly SearchValues<char> Allowed = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: >= 3 and <= 63 } && text[0] != '-' && text[^1] != '-' && !text.AsSpan().ContainsAnyExcept(Allowed);
}
