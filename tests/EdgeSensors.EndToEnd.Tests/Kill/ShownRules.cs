using System.Globalization;
using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EndToEnd.Tests.Kill;

/// <summary>Every rule set that sensors could have verified: those below a timestamp whose proof, with the witness's cosignature, was published. Read from the repository's own files, as they are added.</summary>
internal sealed class ShownRules(string repository)
{
    private readonly SortedDictionary<long, RuleSet> _sets = [];
    private readonly HashSet<string> _read = [];

    private string Metadata => Path.Combine(repository, "metadata");

    /// <summary>By revision.</summary>
    public IReadOnlyDictionary<long, RuleSet> Sets => _sets;

    /// <summary>Reads what came since.</summary>
    public void Follow()
    {
        foreach (var proof in Directory.EnumerateFiles(Metadata, "*.timestamp.tlog-proof").Where(path => !_read.Contains(path)).ToList())
        {
            var version = long.Parse(Path.GetFileName(proof).Split('.')[0], CultureInfo.InvariantCulture);
            var snapshot = Version($"{version}.timestamp.json", "snapshot.json");
            var control = Version($"{snapshot}.snapshot.json", "control.json");
            using var targets = Read($"{control}.control.json");
            var hash = targets.RootElement.GetProperty("signed").GetProperty("targets").GetProperty(TargetNames.Rules).GetProperty("hashes").GetProperty("sha256").GetString();
            var file = File.ReadAllBytes(Path.Combine(repository, "targets", "control", $"{hash}.rules.json"));
            Assert.True(RuleSet.TryParse(file, out var set, out var error), error?.ToString());
            _sets[set.Revision] = set;
            _read.Add(proof);
        }
    }

    /// <summary>Fails when a rule was taken out of the set and came back into it.</summary>
    public void NothingComesBack()
    {
        var gone = new HashSet<DocumentId>();
        var before = new HashSet<DocumentId>();
        foreach (var (revision, set) in _sets)
        {
            var now = set.Rules.Select(rule => rule.Id).ToHashSet();
            Assert.True(!now.Overlaps(gone), $"revision {revision} brings back a rule that was taken out");
            gone.UnionWith(before.Except(now));
            before = now;
        }
    }

    /// <summary>The revisions, not older than one, whose rules for a sensor are these, give or take a rule that ends just now.</summary>
    public IEnumerable<long> Matching(SensorName sensor, IReadOnlySet<string> rules, long atLeast, UnixMilliseconds from, UnixMilliseconds to)
    {
        const long Slack = 2_000; // the kernel's timeouts here are whole seconds
        return _sets.Where(entry => entry.Key >= atLeast).Where(entry =>
        {
            var forIt = entry.Value.Rules.Where(rule => rule.IsFor(sensor.Operator, sensor.Sensor)).ToList();
            var all = forIt.Select(rule => rule.Id.Text).ToHashSet();
            var lasting = forIt.Where(rule => rule.EffectiveUntil.Value > to.Value + Slack).Select(rule => rule.Id.Text);
            var over = forIt.Where(rule => rule.EffectiveUntil.Value < from.Value - Slack).Select(rule => rule.Id.Text);
            return rules.IsSubsetOf(all) && rules.IsSupersetOf(lasting) && !rules.Overlaps(over);
        }).Select(entry => entry.Key);
    }

    private long Version(string file, string of)
    {
        using var metadata = Read(file);
        return metadata.RootElement.GetProperty("signed").GetProperty("meta").GetProperty(of).GetProperty("version").GetInt64();
    }

    private JsonDocument Read(string file) => JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Metadata, file)));
}
