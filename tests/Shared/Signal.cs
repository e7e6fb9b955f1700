using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeSensors.Tests;

/// <summary>Signals to a program (signal(7)).</summary>
internal static partial class Signal
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    /// <summary>Sends one, then another again and again (of two that wait to be heard the kernel makes one), until the program has ended.</summary>
    public static async Task EndAsync(this Process process, int first, int? then, CancellationToken cancellationToken)
    {
        Assert.Equal(0, Kill(process.Id, first));
        while (then is { } signal && !process.HasExited)
        {
            await Task.Delay(2, cancellationToken);
            _ = Kill(process.Id, signal);
        }

        await process.WaitForExitAsync(cancellationToken);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
