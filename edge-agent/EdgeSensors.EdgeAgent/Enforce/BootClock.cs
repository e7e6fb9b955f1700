using System.Runtime.InteropServices;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>CLOCK_BOOTTIME (clock_gettime(2)): what the kernel's program compares a rule's end with. Nobody can set it, and it goes on while the machine sleeps.</summary>
internal static partial class BootClock
{
    private const int BootTime = 7;

    /// <summary>Nanoseconds since the machine started.</summary>
    public static ulong Nanoseconds
    {
        get
        {
            ReadClock(BootTime, out var time);
            return ((ulong)time.Seconds * 1_000_000_000) + (ulong)time.Nanoseconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ReadClock(int clock, out Time time);

    [StructLayout(LayoutKind.Sequential)]
    private struct Time
    {
        public long Seconds;
        public long Nanoseconds;
    }
}
