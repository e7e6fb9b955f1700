using System.Diagnostics;
using System.Runtime.InteropServices;

namespace EdgeSensors.Tests;

/// <summary>Signals to a program (signal(7)).</summary>
internal static partial class Signal
{
    public const int Interrupt = 2;
    public const int Terminate = 15;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    /// <summary>How to start a program that hears SIGINT: whatever a shell starts behind its back inherits that it is ignored, and so do the tests then.</summary>
    public static ProcessStartInfo Hearing(string program, params string[] arguments) => new("env", ["--default-signal=INT", program, .. arguments]);

    /// <summary>Sends one, then another again and again (of two that wait to be heard the kernel makes one), until the program has ended.</summary>
    public static async Task EndAsync(this Process process, int first, int? then, CancellationToken cancellationToken)
    {
        Assert.Equal(0, Kill(process.Id, first));
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        while (then is { } signal && !process.HasExited)
        {
            await Task.Delay(2, patience.Token);
            _ = Kill(process.Id, signal);
        }

        await process.WaitForExitAsync(patience.Token);
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
