namespace EdgeSensors.FieldTest.Reporting;

/// <summary>The figures that every report plots. A scenario may have others; they are plotted after these, under their key.</summary>
/// <param name="Key">As <c>result.json</c> names it.</param>
/// <param name="Unit">Of its values.</param>
/// <param name="Title">As people read it.</param>
internal sealed record SeriesKind(string Key, string Unit, Title Title)
{
    /// <summary>Whether a value holds until the next one, as a count does; others are joined by slopes.</summary>
    public bool IsCount => this == Detections || this == Mitigations || this == Queue || this == Drops;

    /// <summary>Frames that a tap or a gateway measured in a second.</summary>
    public static SeriesKind Traffic { get; } = new("traffic", "frames/s", new("Traffic", "トラフィック"));

    /// <summary>Alerts so far.</summary>
    public static SeriesKind Detections { get; } = new("detections", "alerts", new("Detections, so far", "検知(累計)"));

    /// <summary>Rules in force.</summary>
    public static SeriesKind Mitigations { get; } = new("mitigations", "rules", new("Mitigations in force", "適用中の対処"));

    /// <summary>Memory in use: a tap's managed heap, a program's resident set.</summary>
    public static SeriesKind Heap { get; } = new("heap", "octets", new("Memory in use", "使用メモリー"));

    /// <summary>Messages that wait for the hub's acknowledgement.</summary>
    public static SeriesKind Queue { get; } = new("queue", "messages", new("Queue: not yet acknowledged", "送信待ち(未確認)"));

    /// <summary>Frames and messages that were dropped so far, whatever the reason.</summary>
    public static SeriesKind Drops { get; } = new("drops", "drops", new("Drops, so far", "破棄(累計)"));

    /// <summary>Processor time that a program takes in a second; of real programs only.</summary>
    public static SeriesKind Processor { get; } = new("processor", "cores", new("Processor time", "CPU使用"));

    /// <summary>All that any run has, in the order in which they are plotted.</summary>
    public static IReadOnlyList<SeriesKind> All { get; } = [Traffic, Detections, Mitigations, Heap, Queue, Drops];

    /// <summary>The kind of a key; one of its own name where no kind has it.</summary>
    public static SeriesKind Of(string key) => All.Append(Processor).FirstOrDefault(k => k.Key == key) ?? new SeriesKind(key, "", new(key, key));
}
