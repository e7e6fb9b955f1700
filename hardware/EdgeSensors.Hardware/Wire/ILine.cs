namespace EdgeSensors.Hardware.Wire;

/// <summary>What comes in at a port.</summary>
public interface ILine
{
    /// <summary>Bits per second of the line.</summary>
    long BitRate { get; }

    /// <summary>The next frame whose last bit has arrived by a time; false if none has.</summary>
    /// <param name="now">The clock's timestamp.</param>
    /// <param name="frame">The frame.</param>
    bool TryTake(long now, out WireFrame frame);
}
