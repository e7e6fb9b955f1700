namespace EdgeSensors.FieldTest.Reporting;

/// <summary>All that is known of a run before it begins: what is played, with what, and how to play it again.</summary>
internal sealed record RunHead
{
    /// <summary>The name that <c>run</c> takes.</summary>
    public required string Scenario { get; init; }

    public required Title Title { get; init; }

    public required World World { get; init; }

    public required long Seed { get; init; }

    /// <summary>Seconds played in a second; 0 where that is as many as the machine can.</summary>
    public required double Speed { get; init; }

    /// <summary>When it begins: by the emulated clock, or by the machine's in a real world. All times of a result count from here.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>How long it is to last; null where the course decides.</summary>
    public TimeSpan? Length { get; init; }

    /// <summary>Name to version and commit, of each program that takes part.</summary>
    public IReadOnlyDictionary<string, string> Software { get; init; } = new Dictionary<string, string>();

    /// <summary>SHA-256 in hex of each file that went in, by its name without a folder.</summary>
    public IReadOnlyDictionary<string, string> Inputs { get; init; } = new Dictionary<string, string>();

    /// <summary>The command line that plays it again; no path of this machine in it but what a person gave.</summary>
    public required string Repeat { get; init; }

    /// <summary>The taps and gateways, in the order in which they are shown.</summary>
    public IReadOnlyList<string> Units { get; init; } = [];

    public IReadOnlyList<Fact> Facts { get; init; } = [];

    /// <summary>An instant of the run's clock, as all times of a result are given.</summary>
    public long MillisecondsTo(DateTimeOffset at) => (long)Math.Round((at - Start).TotalMilliseconds);
}
