namespace EdgeSensors.FieldTest.Reporting;

/// <summary>The steps of the ring, in the order of its arrows.</summary>
internal enum Step
{
    /// <summary>The replay's first packet entered.</summary>
    FirstPacket,

    /// <summary>The hub committed the sensor's first window.</summary>
    FirstReport,

    /// <summary>The hub received the first alert about what was blocked later.</summary>
    Alert,

    /// <summary>The policy or an operator approved the block.</summary>
    Decision,

    /// <summary>The signed update lay in the repository and was announced.</summary>
    Published,

    /// <summary>The agent had checked every signature.</summary>
    Verified,

    /// <summary>The kernel held the rule.</summary>
    Enforced,

    /// <summary>The first attack packet that did not come through (with dry enforcement: that was counted as one to be dropped).</summary>
    FirstDrop,
}

/// <summary>The words for steps.</summary>
internal static class Steps
{
    /// <summary>All, in order.</summary>
    public static IReadOnlyList<Step> All { get; } = Enum.GetValues<Step>();

    /// <summary>As people read it.</summary>
    public static string Title(this Step step) => step switch
    {
        Step.FirstPacket => "first packet",
        Step.FirstReport => "first report",
        Step.Alert => "alert",
        Step.Decision => "decision",
        Step.Published => "published",
        Step.Verified => "verified",
        Step.Enforced => "enforced",
        Step.FirstDrop => "first drop",
        _ => throw new ArgumentOutOfRangeException(nameof(step)),
    };

    /// <summary>As <c>result.json</c> names it.</summary>
    public static string Key(this Step step) => step.Title().Replace(' ', '_');

    /// <summary>What kind of thing it is on the time line.</summary>
    public static HappeningKind Kind(this Step step) => step switch
    {
        Step.Alert => HappeningKind.Alert,
        Step.Decision => HappeningKind.Decision,
        Step.Published or Step.Verified => HappeningKind.Update,
        Step.Enforced or Step.FirstDrop => HappeningKind.Rule,
        _ => HappeningKind.Step,
    };

    /// <summary>Who takes it.</summary>
    public static string Source(this Step step) => step switch
    {
        Step.FirstPacket or Step.FirstDrop => "replay",
        Step.FirstReport or Step.Alert or Step.Decision or Step.Published => "hub",
        _ => "gateway",
    };
}
