using System.Text;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Trust.Tests.Documents;

/// <summary>docs/protocol.md says what the code does.</summary>
public sealed class ProtocolPageTests
{
    private static readonly string Page = File.ReadAllText(Path.Combine(SharedData.Repository, "docs", "protocol.md"));

    [Fact]
    public void The_example_is_a_rule_set()
    {
        var start = Page.IndexOf("```json", StringComparison.Ordinal) + "```json".Length;
        var example = Page[start..Page.IndexOf("```", start, StringComparison.Ordinal)];

        Assert.True(RuleSet.TryParse(Encoding.UTF8.GetBytes(example), out var rules, out var error), error?.ToString());
        Assert.Equal("m-17", Assert.Single(rules.Rules).Id.Text);
    }

    [Fact]
    public void The_bounds_are_those_of_the_code()
    {
        Assert.Equal((512 << 10, 16 << 10, 2 << 20, 5 << 20), (TufLimits.Default.MaxRootBytes, TufLimits.Default.MaxTimestampBytes, TufLimits.Default.MaxSnapshotBytes, TufLimits.Default.MaxTargetsBytes));
        Assert.Equal((32, 256), (TufLimits.Default.MaxDelegations, TufLimits.Default.MaxRootRotations));
        Assert.Equal((1 << 20, 1 << 20, 1 << 20, 16 << 20, 32 << 20, 32 << 20), (CollectionAuthorization.MaxBytes, Grant.MaxBytes, BlocklistEnforcement.MaxBytes, RuleSet.MaxBytes, DomesticPrefixTable.MaxBytes, AddressList.MaxBytes));
        Assert.Equal((10.0, 16 << 10, 10_000), (HttpPatience.Default.Grace.TotalSeconds, HttpPatience.Default.MinBytesPerSecond, RuleSet.MaxRules));
        Assert.Equal((32, 32, 48), (PseudonymKeyWrap.KeyLength, SealedPseudonymKey.EncapsulatedLength, SealedPseudonymKey.CiphertextLength));
    }

    [Fact]
    public void The_types_are_those_of_the_code()
    {
        foreach (var type in new[] { CollectionAuthorization.Type, DomesticPrefixTable.Type, AddressList.Type, Grant.Type, RuleSet.Type, BlocklistEnforcement.Type })
        {
            Assert.Contains($"| `{type}` |", Page, StringComparison.Ordinal);
        }
    }
}
