namespace EdgeSensors.FieldTest.Desk;

/// <summary>The tap on the desk cannot be run; the message is one line: what happened and what to do.</summary>
internal sealed class DeskException(string area, string message) : Exception(message)
{
    /// <summary>What it is about, one word.</summary>
    public string Area { get; } = area;
}
