using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace EdgeSensors.Tests;

/// <summary>A network namespace of the kernel's, empty but for its loopback interface, deleted with everything in it at the end.</summary>
internal sealed partial class NetworkNamespace : IDisposable
{
    private const int CloneNewNetwork = 0x40000000;

    private NetworkNamespace(string name) => Name = name;

    public string Name { get; }

    /// <summary>Makes one, or skips the test saying why there is none.</summary>
    public static NetworkNamespace CreateOrSkip()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("network namespaces are Linux's");
        }

        var made = new NetworkNamespace($"es-live-{Guid.NewGuid().ToString("N")[..8]}");
        try
        {
            var (exit, text) = Start("ip", ["netns", "add", made.Name]);
            if (exit != 0)
            {
                Assert.Skip($"no network namespace here: {text}");
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("the ip command (iproute2) is not installed");
        }

        made.Run("ip", "link", "set", "lo", "up");
        return made;
    }

    /// <summary>Runs a program inside and gives its standard output; fails the test when it fails.</summary>
    public string Run(string program, params string[] arguments)
    {
        var (exit, text) = TryRun(program, arguments);
        Assert.True(exit == 0, $"{program} {string.Join(' ', arguments)}: exit {exit}: {text}");
        return text;
    }

    public (int Exit, string Text) TryRun(string program, params string[] arguments) => Start("ip", ["netns", "exec", Name, program, .. arguments]);

    /// <summary>Runs code on a thread of its own inside: sockets that it opens belong to the namespace wherever they are used later.</summary>
    public T Inside<T>(Func<T> action)
    {
        T result = default!;
        ExceptionDispatchInfo? thrown = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var handle = File.OpenHandle($"/run/netns/{Name}");
                Assert.Equal(0, SetNamespace((int)handle.DangerousGetHandle(), CloneNewNetwork));
                result = action();
            }
            catch (Exception exception)
            {
                thrown = ExceptionDispatchInfo.Capture(exception);
            }
        });
        thread.Start();
        thread.Join();
        thrown?.Throw();
        return result;
    }

    public void Dispose() => Start("ip", ["netns", "delete", Name]);

    private static (int Exit, string Text) Start(string program, IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? text : errors.Result.Trim());
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int SetNamespace(int handle, int kind);
}
