namespace EdgeSensors.Firmware.Capture;

/// <summary>A stratum of time with one gate, at a moment that is drawn by lot and so by nothing that comes.</summary>
internal sealed class Stratum
{
    private long _beginUs;
    private uint _lot;

    /// <summary>Microseconds that it lasts.</summary>
    public long LengthUs { get; private set; }

    /// <summary>When its gate is to be opened.</summary>
    public long DrawnUs { get; private set; }

    /// <summary>Whether its gate has counted.</summary>
    public bool HasCounted { get; private set; }

    /// <summary>Whether its gate was opened, or at least tried.</summary>
    public bool IsDrawn => DrawnUs == long.MaxValue;

    /// <summary>When it ends.</summary>
    public long EndUs => _beginUs + LengthUs;

    /// <summary>Begins the next one.</summary>
    /// <param name="beginUs">When it begins.</param>
    /// <param name="lengthUs">How long it lasts.</param>
    /// <param name="nowUs">The clock, whose last digits are chance.</param>
    public void Begin(long beginUs, long lengthUs, long nowUs)
    {
        _beginUs = beginUs;
        LengthUs = lengthUs;
        _lot = 1_664_525 * _lot + 1_013_904_223 + (uint)nowUs;
        DrawnUs = beginUs + (_lot >> 12) * lengthUs / (1 << 20);
        HasCounted = false;
    }

    /// <summary>Its moment has come.</summary>
    public void Draw()
    {
        DrawnUs = long.MaxValue;
    }

    /// <summary>Its gate counts.</summary>
    public void Count()
    {
        HasCounted = true;
    }

    /// <summary>Parts it at the end of a window. What is unseen of the window is told to the tally.</summary>
    /// <returns>Microseconds of it that its gate speaks for and that are still to come.</returns>
    public long EndWindow(long nowUs, GateTally tally)
    {
        if (HasCounted)
        {
            long rest = EndUs - nowUs;
            if (rest >= 0)
            {
                return rest;
            }

            tally.Unseen(-rest); // the work on the gate takes longer than its stratum
            _beginUs = nowUs - LengthUs;
            return 0;
        }

        // The rest of the stratum belongs to the next window, and the gate with it.
        long part = nowUs - _beginUs;
        tally.Unseen(part);
        _beginUs = nowUs;
        LengthUs = LengthUs > part ? LengthUs - part : 0;
        return 0;
    }
}
