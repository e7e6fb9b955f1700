namespace EdgeSensors.Hardware.Power;

/// <summary>
/// The supply is gone: nothing that the program asks of a chip happens any more. It unwinds the program as the cut stops the real one, and is
/// thrown by every access until the supply is back.
/// </summary>
public sealed class PowerCutException : Exception
{
    /// <summary>A cut.</summary>
    public PowerCutException()
        : base("The board has no power.")
    {
    }
}
