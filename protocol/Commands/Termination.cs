using System.CommandLine;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;

namespace EdgeSensors.Commands;

/// <summary>
/// How each of the programs ends by a signal; compiled into each. SIGINT and SIGTERM end it in order. Another SIGINT ends it at once, for whoever waits at the terminal; another SIGTERM changes
/// nothing, since timeout(1) sends two, and a supervisor's last word is SIGKILL. It takes the place of what System.CommandLine has for this: that one throws, on a thread of its own, where two signals
/// come before its time is up (3.0.0).
/// </summary>
internal static class Termination
{
    // Held to the very end: without them a signal that comes last would do as by default, and an end in order look like none.
    private static PosixSignalRegistration[] s_heard = [];

    /// <summary>Runs a command.</summary>
    /// <param name="parsed">The command.</param>
    /// <param name="patience">How long it may take to end in order; beyond that it ends with 128 and the signal's number, as by the signal itself.</param>
    /// <param name="handlesExceptions">Whether System.CommandLine shows what a command throws.</param>
    public static async Task<int> InvokeAsync(ParseResult parsed, TimeSpan patience, bool handlesExceptions = true)
    {
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = handlesExceptions, ProcessTerminationTimeout = null };
        if (parsed.Action is not AsynchronousCommandLineAction)
        {
            return await parsed.InvokeAsync(configuration).ConfigureAwait(false); // it cannot be asked to end: signals do as they do by default
        }

        var stop = new CancellationTokenSource(); // never disposed: a signal may still come
        var isAsked = false;
        s_heard = [PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal)];
        return await parsed.InvokeAsync(configuration, stop.Token).ConfigureAwait(false);

        void OnSignal(PosixSignalContext context)
        {
            context.Cancel = true;
            var byIt = context.Signal == PosixSignal.SIGINT ? 130 : 143;
            if (!Interlocked.Exchange(ref isAsked, true))
            {
                _ = stop.CancelAsync();
                _ = EndAsync(patience, byIt);
            }
            else if (context.Signal == PosixSignal.SIGINT)
            {
                Environment.Exit(byIt);
            }
        }
    }

    private static async Task EndAsync(TimeSpan patience, int code)
    {
        await Task.Delay(patience).ConfigureAwait(false);
        Environment.Exit(code);
    }
}
