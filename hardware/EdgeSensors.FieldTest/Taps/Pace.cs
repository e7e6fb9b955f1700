namespace EdgeSensors.FieldTest.Taps;

/// <summary>Lets emulated time go no faster than so many times the machine's.</summary>
/// <param name="time">The machine's.</param>
/// <param name="speed">How many times.</param>
/// <param name="stop">Ends a wait.</param>
internal sealed class Pace(TimeProvider time, double speed, CancellationToken stop)
{
    private readonly long _start = time.GetTimestamp();

    /// <summary>Waits until a moment of the emulated run has come.</summary>
    public void WaitFor(TimeSpan moment)
    {
        var ahead = (moment / speed) - time.GetElapsedTime(_start);
        if (ahead > TimeSpan.FromMilliseconds(2))
        {
            stop.WaitHandle.WaitOne(ahead);
        }
    }
}
