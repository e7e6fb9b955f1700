using System.Text;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>
/// Counts where the meter and another tool differ, by the rule that explains the difference. The counts are pinned: a new difference, or one that is gone,
/// fails the test until somebody has looked at it. docs/metering.md gives each class's reason.
/// </summary>
internal sealed class DifferenceLedger
{
    private readonly SortedDictionary<string, List<string>> _byClass = new(StringComparer.Ordinal);

    public int Compared { get; set; }

    public int Agreed { get; set; }

    public void Add(string differenceClass, string what)
    {
        if (!_byClass.TryGetValue(differenceClass, out var list))
            _byClass[differenceClass] = list = [];
        list.Add(what);
    }

    public void Unexplained(string what) => Add("UNEXPLAINED", what);

    /// <summary>Asserts the pinned counts, and prints every class with its members.</summary>
    public void AssertIs(ITestOutputHelper output, int compared, int agreed, Dictionary<string, int> expected)
    {
        var text = new StringBuilder().AppendLine($"compared {Compared}, agreed exactly {Agreed}");
        foreach (var (name, members) in _byClass)
        {
            text.AppendLine($"{name}: {members.Count}");
            foreach (var member in members.Take(name == "UNEXPLAINED" ? 5000 : 8))
                text.AppendLine($"    {member}");
        }

        output.WriteLine(text.ToString());
        Assert.Equal((compared, agreed), (Compared, Agreed));
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), _byClass.Select(pair => KeyValuePair.Create(pair.Key, pair.Value.Count)));
    }
}
