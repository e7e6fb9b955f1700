namespace EdgeSensors.Hardware.Power;

/// <summary>The board's 3.3 V rail. Each chip is told when it goes and when it comes back, and loses what it does not hold without it.</summary>
public sealed class Supply
{
    private readonly TimeProvider _time;
    private long _cutAt = long.MaxValue;

    /// <summary>A rail that is up.</summary>
    public Supply(TimeProvider time)
    {
        _time = time;
    }

    /// <summary>The rail goes off, at a timestamp that may lie before now: a cut is noticed at the next access.</summary>
    public event Action<long>? Lost;

    /// <summary>The rail is up again.</summary>
    public event Action? Restored;

    /// <summary>Whether the rail is up.</summary>
    public bool IsOn { get; private set; } = true;

    /// <summary>How often it went.</summary>
    public int Cuts { get; private set; }

    /// <summary>Cuts the supply now.</summary>
    public void Cut()
    {
        long at = Math.Min(_cutAt, _time.GetTimestamp());
        _cutAt = long.MaxValue;
        if (IsOn)
        {
            IsOn = false;
            Cuts++;
            Lost?.Invoke(at);
        }
    }

    /// <summary>Cuts the supply when the clock's timestamp has reached a value: at the program's next access to a chip after it.</summary>
    public void CutAt(long timestamp)
    {
        _cutAt = Math.Min(_cutAt, timestamp);
    }

    /// <summary>Brings it back.</summary>
    public void Restore()
    {
        if (!IsOn)
        {
            IsOn = true;
            Restored?.Invoke();
        }
    }

    /// <summary>Each access to a chip passes here.</summary>
    /// <exception cref="PowerCutException">There is no supply.</exception>
    public void Demand()
    {
        if (IsOn && _time.GetTimestamp() >= _cutAt)
        {
            Cut();
        }

        if (!IsOn)
        {
            throw new PowerCutException();
        }
    }
}
