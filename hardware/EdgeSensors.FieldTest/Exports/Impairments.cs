namespace EdgeSensors.FieldTest.Exports;

/// <summary>What happens to exports on their way. The same seed does the same.</summary>
internal sealed record Impairments
{
    /// <summary>Chooses.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The share of datagrams that are lost, 0 to 1.</summary>
    public double Loss { get; init; }

    /// <summary>The share of datagrams that come twice.</summary>
    public double Duplication { get; init; }

    /// <summary>The share of datagrams that are overtaken by the one behind them.</summary>
    public double Reordering { get; init; }

    /// <summary>Datagrams with templates that are lost, of each exporter's first ones.</summary>
    public int LostTemplates { get; init; }

    /// <summary>Where the exporters restart: after this share of their datagrams; null for not at all.</summary>
    public double? RestartAfter { get; init; }

    /// <summary>Whether all exporters send from one address and port, as two behind one translator do.</summary>
    public bool OneAddress { get; init; }
}
