using Spectre.Console;

namespace EdgeSensors.FieldTest.Reporting.Live;

/// <summary>Keeps a picture of the run on the terminal's second screen, so that what stood there before is there again when it ends.</summary>
internal sealed class LiveView : IRunView
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(150);

    private readonly IAnsiConsole _console;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private readonly RunState _state = new();
    private readonly ManualResetEventSlim _over = new();
    private readonly Thread _drawing;
    private readonly long _began;

    /// <summary>Begins to draw.</summary>
    public LiveView(IAnsiConsole console, TimeProvider time)
    {
        (_console, _time, _began) = (console, time, time.GetTimestamp());
        _drawing = new Thread(Draw) { IsBackground = true, Name = "live view" };
        _drawing.Start();
    }

    /// <inheritdoc/>
    public void Began(RunHead run)
    {
        lock (_lock)
        {
            _state.Begin(run);
        }
    }

    /// <inheritdoc/>
    public void Sampled(Sample sample)
    {
        lock (_lock)
        {
            _state.Take(sample);
        }
    }

    /// <inheritdoc/>
    public void Happened(Happening happening)
    {
        lock (_lock)
        {
            _state.Take(happening);
        }
    }

    /// <inheritdoc/>
    public void Checked(Check check)
    {
        lock (_lock)
        {
            _state.Take(check);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_over.IsSet)
        {
            _over.Set();
            _drawing.Join();
        }
    }

    private void Draw() => LivePicture.Keep(
        _console,
        (width, height) =>
        {
            lock (_lock)
            {
                return LiveFrame.Draw(_state, _time.GetElapsedTime(_began), width, height);
            }
        },
        () => _over.Wait(Interval));
}
