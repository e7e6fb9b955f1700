using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>What the kernel says of its clock (adjtimex(2)).</summary>
/// <param name="Synchronised">Whether a time service keeps it.</param>
/// <param name="MaximumErrorUs">The kernel's bound of its error, in microseconds.</param>
internal readonly partial record struct KernelClock(bool Synchronised, long MaximumErrorUs)
{
    // struct timex of a 64-bit kernel: 208 octets, maxerror at 24, status at 40.
    private const int Octets = 208;
    private const int TimeError = 5;
    private const int StatusUnsynchronised = 0x40;

    /// <summary>Asks; null where the system does not tell.</summary>
    public static KernelClock? Read()
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            return null;
        }

        Span<byte> timex = stackalloc byte[Octets];
        timex.Clear(); // modes 0: read only, which needs no rights
        try
        {
            var state = AdjustTime(ref MemoryMarshal.GetReference(timex));
            return state < 0
                ? null
                : new KernelClock(
                    state != TimeError && (BinaryPrimitives.ReadInt32LittleEndian(timex[40..]) & StatusUnsynchronised) == 0,
                    BinaryPrimitives.ReadInt64LittleEndian(timex[24..]));
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "adjtimex", SetLastError = true)]
    private static partial int AdjustTime(ref byte timex);
}
