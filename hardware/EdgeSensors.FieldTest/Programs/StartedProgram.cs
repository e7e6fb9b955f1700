using System.Diagnostics;
using System.Globalization;
using EdgeSensors.FieldTest.Network;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>A program of ours as a process of its own, with all it says kept in a log file.</summary>
internal sealed class StartedProgram : IDisposable
{
    private const int Terminate = 15;
    private const string SetPrivileges = "/usr/bin/setpriv";

    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly Lock _lock = new();
    private readonly List<SaidLine> _said = [];
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _openStreams = 2;
    private bool _disposed;

    private StartedProgram(Process process, string name, StreamWriter log)
    {
        _process = process;
        _log = log;
        Name = name;
    }

    /// <summary>What people call it.</summary>
    public string Name { get; }

    /// <summary>Its process id.</summary>
    public int Id => _process.Id;

    /// <summary>Its resident set, octets (proc_pid_statm(5)); null once it has ended.</summary>
    public long? ResidentOctets()
    {
        try
        {
            return long.Parse(File.ReadAllText($"/proc/{_process.Id}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Processor time of all its threads so far (proc_pid_stat(5)); zero once it has ended.</summary>
    public TimeSpan ProcessorTime()
    {
        const double TicksPerSecond = 100; // USER_HZ, the unit in which the kernel shows times
        try
        {
            // The name, in brackets, may hold spaces; what is counted comes behind it.
            var text = File.ReadAllText($"/proc/{_process.Id}/stat");
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromSeconds((long.Parse(fields[11], CultureInfo.InvariantCulture) + long.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond);
        }
        catch (IOException)
        {
            return TimeSpan.Zero;
        }
    }

    /// <summary>Whether it has ended.</summary>
    public bool HasEnded => _process.HasExited;

    /// <summary>Its exit code, once it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>What it said so far, in order.</summary>
    public IReadOnlyList<SaidLine> Said
    {
        get
        {
            lock (_lock)
            {
                return [.. _said];
            }
        }
    }

    /// <summary>Starts a program.</summary>
    /// <param name="place">The namespace it lives in; null for this process's own.</param>
    /// <param name="path">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="logPath">Where what it says is kept; appended to.</param>
    /// <param name="environment">Variables to set besides the inherited ones.</param>
    public static StartedProgram Start(
        NetworkNamespace? place, string path, IEnumerable<string> arguments, string logPath, IReadOnlyDictionary<string, string>? environment = null)
    {
        // It must not outlive this process, however that ends (prctl(2), PR_SET_PDEATHSIG): the parent it means is the thread that starts it.
        (string Program, IEnumerable<string> Arguments) run = File.Exists(SetPrivileges) ? (SetPrivileges, ["--pdeathsig", "KILL", "--", path, .. arguments]) : (path, arguments);
        var start = new ProcessStartInfo(run.Program, run.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        start.Environment["DOTNET_TieredPGO"] = "0"; // short-lived programs: less work for the JIT
        var process = new Process { StartInfo = start };
        var log = new StreamWriter(logPath, append: true) { AutoFlush = true };
        var program = new StartedProgram(process, Path.GetFileName(path), log);
        process.OutputDataReceived += (_, e) => program.Take(e.Data, isError: false);
        process.ErrorDataReceived += (_, e) => program.Take(e.Data, isError: true);

        // A child is made in the network namespace of the thread that makes it.
        (place ?? NetworkNamespace.Common).Run(() =>
        {
            process.Start();
        });
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return program;
    }

    /// <summary>Runs a program to its end; throws <see cref="ProgramException"/> when it fails or takes too long.</summary>
    public static async Task MustAsync(NetworkNamespace? place, string path, string[] arguments, string logPath, TimeSpan atMost, CancellationToken stop)
    {
        using var command = Start(place, path, arguments, logPath);
        if (!await command.WaitForEndAsync(atMost, stop).ConfigureAwait(false))
        {
            throw new ProgramException($"{command.Name} {arguments[0]} did not end within {atMost.TotalSeconds} s");
        }

        if (command.ExitCode != 0)
        {
            throw new ProgramException($"{command.Name} {arguments[0]} failed: {command.LastWords()}");
        }
    }

    /// <summary>Waits for a line; null when the program ended or the time passed without it.</summary>
    public async Task<string?> WaitForLineAsync(Func<string, bool> wanted, TimeSpan atMost, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        for (var seen = 0; ;)
        {
            var said = Said;
            for (; seen < said.Count; seen++)
            {
                if (wanted(said[seen].Text))
                {
                    return said[seen].Text;
                }
            }

            if (_outputEnded.Task.IsCompleted || Stopwatch.GetElapsedTime(began) > atMost)
            {
                return null;
            }

            await Task.Delay(20, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Waits for its end; false when the time passed.</summary>
    public async Task<bool> WaitForEndAsync(TimeSpan atMost, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(atMost);
        try
        {
            await _process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
            await _outputEnded.Task.WaitAsync(limit.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return _process.HasExited;
        }
    }

    /// <summary>The last thing it said on standard error (or at all), for an error message.</summary>
    public string LastWords()
    {
        var said = Said;
        return (said.LastOrDefault(l => l.IsError && l.Text.Length > 0) ?? said.LastOrDefault(l => l.Text.Length > 0))?.Text ?? "it said nothing";
    }

    /// <summary>The last lines that it said, however it said them.</summary>
    public string LastWords(int lines) => string.Join(" | ", Said.TakeLast(lines).Select(line => line.Text));

    /// <summary>Asks it to end (SIGTERM) and ends it (SIGKILL) when it has not after a while.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (!_process.HasExited)
        {
            _ = LibC.Kill(_process.Id, Terminate);
            if (!await WaitForEndAsync(patience, CancellationToken.None).ConfigureAwait(false))
            {
                Kill();
            }
        }
    }

    /// <summary>Ends it at once (SIGKILL), as a power cut would.</summary>
    public void Kill()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        Kill();
        _outputEnded.Task.Wait(TimeSpan.FromSeconds(1));
        lock (_lock)
        {
            _log.Dispose();
        }

        _process.Dispose();
    }

    private void Take(string? line, bool isError)
    {
        if (line is null)
        {
            if (Interlocked.Decrement(ref _openStreams) == 0)
            {
                _outputEnded.TrySetResult();
            }

            return;
        }

        var now = DateTimeOffset.UtcNow;
        lock (_lock)
        {
            _said.Add(new SaidLine(now, line, isError));
            if (_log.BaseStream.CanWrite)
            {
                _log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{now:HH:mm:ss.fff} {line}"));
            }
        }
    }
}

/// <summary>A line that a program said.</summary>
internal sealed record SaidLine(DateTimeOffset At, string Text, bool IsError);
