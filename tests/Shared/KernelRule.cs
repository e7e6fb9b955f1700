using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.Tests;

/// <summary>An element of the table that the agent keeps, as a person sees it with <c>nft list table</c>; a rule has one in each direction that it acts in.</summary>
/// <param name="Set">The set that it is in.</param>
/// <param name="Rule">The rule's id; empty for an element that says none.</param>
/// <param name="Address">What it is about.</param>
/// <param name="Timeout">How long after it was set the kernel takes it away by itself; null when never.</param>
/// <param name="Remaining">How much of that is left; null when nothing ends it.</param>
internal sealed record KernelRule(string Set, string Rule, string Address, TimeSpan? Timeout, TimeSpan? Remaining)
{
    /// <summary>All elements of the rules' table, or of another; none where there is no table. Throws <see cref="ProgramException"/> when nft fails otherwise.</summary>
    public static IReadOnlyList<KernelRule> ReadAll(NetworkNamespace place, string table = "edgesensors")
    {
        var start = new ProcessStartInfo("nft", ["-j", "list", "table", "inet", table]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var nft = place.Run(() => Process.Start(start)!);
        var complaint = nft.StandardError.ReadToEndAsync();
        var listing = nft.StandardOutput.ReadToEnd();
        nft.WaitForExit();
        if (nft.ExitCode == 0)
        {
            return Parse(listing);
        }

        return complaint.Result.Contains("No such file", StringComparison.Ordinal) ? [] : throw new ProgramException($"nft: {complaint.Result.Trim()}");
    }

    private static List<KernelRule> Parse(string listing)
    {
        using var document = JsonDocument.Parse(listing);
        var rules = new List<KernelRule>();
        foreach (var item in document.RootElement.GetProperty("nftables").EnumerateArray())
        {
            if (!item.TryGetProperty("set", out var set) || !set.TryGetProperty("elem", out var elements))
            {
                continue;
            }

            var name = Text(set, "name");
            foreach (var wrapped in elements.EnumerateArray())
            {
                var element = wrapped.ValueKind == JsonValueKind.Object && wrapped.TryGetProperty("elem", out var inner) ? inner : wrapped;
                rules.Add(element.ValueKind == JsonValueKind.Object
                    ? new KernelRule(name, Text(element, "comment").Split(' ')[0], element.GetProperty("val").ToString(), Seconds(element, "timeout"), Seconds(element, "expires"))
                    : new KernelRule(name, "", element.ToString(), null, null));
            }
        }

        return rules;
    }

    private static string Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    private static TimeSpan? Seconds(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.TryGetInt64(out var seconds) ? TimeSpan.FromSeconds(seconds) : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Rule} {Address} {Remaining?.TotalSeconds:0} s left");
}
