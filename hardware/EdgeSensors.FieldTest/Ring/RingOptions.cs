using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Ring;

/// <summary>What a person asked of a run.</summary>
internal sealed record RingOptions
{
    /// <summary>The capture to replay; null for the default one.</summary>
    public string? Capture { get; init; }

    /// <summary>The protected prefixes; empty to derive them.</summary>
    public IReadOnlyList<Prefix> Inside { get; init; } = [];

    /// <summary>Times the capture's own pace.</summary>
    public double Speed { get; init; } = 1;

    /// <summary>A longer silence in the capture is cut to this.</summary>
    public TimeSpan LongestSilence { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>For what is generated.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Where <c>result.json</c> goes; the logs lie beside it.</summary>
    public string Result { get; init; } = "field-test-results/ring/result.json";

    /// <summary>How it should end.</summary>
    public ExpectedOutcome Expected { get; init; } = ExpectedOutcome.Block;

    /// <summary>Whether to do without namespaces even where they are allowed.</summary>
    public bool Dry { get; init; }

    /// <summary>How long to wait for the block.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>The longest that may pass from the alert to the first drop.</summary>
    public TimeSpan SlowestReaction { get; init; } = TimeSpan.FromSeconds(Judge.SlowestSeconds);

    /// <summary>The command that runs it again, without where the result goes.</summary>
    public string CommandLine
    {
        get
        {
            var usual = new RingOptions();
            var words = new List<string> { "edgesensors-fieldtest run", RingScenario.Name };
            Add("--capture", Capture, null);
            Add("--inside", string.Join(' ', Inside), "");
            Add("--speed", FormattableString.Invariant($"{Speed}"), FormattableString.Invariant($"{usual.Speed}"));
            Add("--max-silence", Seconds(LongestSilence), Seconds(usual.LongestSilence));
            Add("--seed", FormattableString.Invariant($"{Seed}"), null);
            Add("--expect", Expected.ToString().ToLowerInvariant(), usual.Expected.ToString().ToLowerInvariant());
            Add("--patience", Seconds(Patience), Seconds(usual.Patience));
            Add("--within", Seconds(SlowestReaction), Seconds(usual.SlowestReaction));
            return string.Join(' ', words) + (Dry ? " --dry" : "");

            void Add(string name, string? value, string? unless)
            {
                if (value is not null && value != unless)
                {
                    words.Add($"{name} {value}");
                }
            }

            static string Seconds(TimeSpan time) => FormattableString.Invariant($"{time.TotalSeconds}");
        }
    }
}
