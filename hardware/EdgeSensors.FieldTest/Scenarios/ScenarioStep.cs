using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>An entry of one of a scenario's lists: its values are of the kinds that <see cref="ScenarioSchema"/> says, defaults filled in.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Index">Its place in its list, from 1.</param>
/// <param name="Line">Its line in the file.</param>
/// <param name="Values">By key; keys that were left out and have no default are not in it.</param>
internal sealed record ScenarioStep(StepKind Kind, int Index, int Line, IReadOnlyDictionary<string, object> Values)
{
    /// <summary>The kind's name.</summary>
    public string What => Kind.Name;

    /// <summary>How a person finds it: <c>expect 2 (line 17)</c>.</summary>
    public string Place => string.Create(CultureInfo.InvariantCulture, $"{Kind.Section} {Index} (line {Line})");

    /// <summary>The same with some of its numbers and times so many times as large.</summary>
    public ScenarioStep Longer(int times, params string[] keys) => this with
    {
        Values = Values.ToDictionary(v => v.Key, v => !keys.Contains(v.Key) ? v.Value : v.Value switch { double number => number * times, TimeSpan time => time * times, _ => v.Value }),
    };

    /// <summary>When it comes, in order: once, or as often as it says and before the end.</summary>
    public IEnumerable<TimeSpan> Times(TimeSpan end)
    {
        var first = (Time("at") ?? Time("from"))!.Value;
        return Time("every") is not { } every ? [first]
            : Enumerable.Range(0, Has("times") ? Count("times") : int.MaxValue).Select(i => first + (every * i)).TakeWhile(at => at < end);
    }

    /// <summary>Whether a key has a value.</summary>
    public bool Has(string key) => Values.ContainsKey(key);

    /// <summary>A text, word or path; empty where it was left out.</summary>
    public string Text(string key) => Values.TryGetValue(key, out var value) ? (string)value : "";

    /// <summary>A length of time; null where it was left out.</summary>
    public TimeSpan? Time(string key) => Values.TryGetValue(key, out var value) ? (TimeSpan)value : null;

    /// <summary>A number; 0 where it was left out.</summary>
    public double Number(string key) => Values.TryGetValue(key, out var value) ? (double)value : 0;

    /// <summary>A whole number; 0 where it was left out.</summary>
    public int Count(string key) => (int)Number(key);

    /// <summary>A flag; false where it was left out.</summary>
    public bool Flag(string key) => Values.TryGetValue(key, out var value) && (bool)value;

    /// <summary>Prefixes or addresses; none where they were left out.</summary>
    public IReadOnlyList<Prefix> Prefixes(string key) => Values.TryGetValue(key, out var value) ? (IReadOnlyList<Prefix>)value : [];

    /// <summary>Words; none where they were left out.</summary>
    public IReadOnlyList<string> Words(string key) => Values.TryGetValue(key, out var value) ? (IReadOnlyList<string>)value : [];

    /// <summary>Names and values; none where they were left out.</summary>
    public IReadOnlyDictionary<string, string> Options(string key) =>
        Values.TryGetValue(key, out var value) ? (IReadOnlyDictionary<string, string>)value : new Dictionary<string, string>();
}
