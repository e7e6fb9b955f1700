namespace EdgeSensors.FieldTest.Desk;

/// <summary>What a person asked of a tap on the desk.</summary>
internal sealed record DeskOptions
{
    /// <summary>The interface whose frames it gets.</summary>
    public required string Wire { get; init; }

    /// <summary>The hub, where it is not the enrolment's.</summary>
    public (string Host, int Port)? Hub { get; init; }

    /// <summary>The folder that <c>sensor add --kind tap</c> made, or its file.</summary>
    public required string Enrolment { get; init; }

    /// <summary>Where the flash is kept; null for a tap that forgets all when it ends.</summary>
    public string? State { get; init; }

    /// <summary>How long a window is.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromSeconds(60);
}
