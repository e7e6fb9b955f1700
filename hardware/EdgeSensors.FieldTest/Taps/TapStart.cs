using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>One start of a tap's program, and what it came to.</summary>
/// <param name="atNs">Nanoseconds since the run's start.</param>
/// <param name="before">The list's version that was in force when the program ended before; 0 for none.</param>
internal sealed class TapStart(long atNs, long before)
{
    /// <summary>When it was.</summary>
    public long AtNs { get; } = atNs;

    /// <summary>The list's version that was in force before it; 0 for none.</summary>
    public long Before { get; } = before;

    /// <summary>The list's version that it came up with, verified; 0 while it has none.</summary>
    public long First { get; private set; }

    /// <summary>The list's version in force when it was last looked at; 0 while there is none.</summary>
    public long List { get; private set; }

    /// <summary>The list's version to expect at the start after this one.</summary>
    public long Left => List > 0 ? List : Before;

    /// <summary>Looks at what is in force now.</summary>
    public void Look(Tap1 program)
    {
        if (program.Updates.List is { } list)
        {
            if (First == 0)
            {
                First = list.Version;
            }

            List = list.Version;
        }
    }
}
