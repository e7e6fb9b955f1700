using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.FieldTest.Network;

/// <summary>
/// A network namespace without a name: one thread of this process that has left the common one (unshare(2), CLONE_NEWNET). Whatever that thread opens or
/// starts lives there. Nothing has to be cleaned up: when the thread and what it started have ended, by whatever cause, the kernel takes the namespace
/// and its interfaces away.
/// </summary>
internal sealed class NetworkNamespace : IDisposable
{
    private static readonly Lazy<NetworkNamespace> s_common = new(() =>
    {
        var common = new NetworkNamespace("common");
        common._thread.Start();
        return common;
    });

    private readonly BlockingCollection<Action> _work = [];
    private readonly Thread _thread;

    private NetworkNamespace(string label)
    {
        Label = label;
        _thread = new Thread(Work) { IsBackground = true, Name = $"netns {label}" };
    }

    /// <summary>The namespace that this process began in, with a thread of its own that lasts as long as the process.</summary>
    public static NetworkNamespace Common => s_common.Value;

    /// <summary>What people call it.</summary>
    public string Label { get; }

    /// <summary>Makes one; false with the kernel's reason where it is not allowed.</summary>
    public static bool TryCreate(string label, [NotNullWhen(true)] out NetworkNamespace? made, [NotNullWhen(false)] out string? error)
    {
        made = null;
        error = null;
        if (!OperatingSystem.IsLinux())
        {
            error = "network namespaces need Linux";
            return false;
        }

        var candidate = new NetworkNamespace(label);
        candidate._thread.Start();
        error = candidate.Run(() => LibC.Unshare(LibC.CloneNewNet) == 0 ? null : LibC.LastError());
        if (error is not null)
        {
            candidate.Dispose();
            return false;
        }

        made = candidate;
        return true;
    }

    /// <summary>Does something inside and waits for its result.</summary>
    public T Run<T>(Func<T> inside)
    {
        if (Thread.CurrentThread == _thread)
        {
            return inside();
        }

        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _work.Add(() =>
        {
            try
            {
                done.SetResult(inside());
            }
            catch (Exception e)
            {
                done.SetException(e); // handed to the caller, whose exception it is
            }
        });
        return done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Does something inside and waits until it is done.</summary>
    public void Run(Action inside) => Run(() =>
    {
        inside();
        return true;
    });

    /// <summary>Sets one of the namespace's kernel settings, named as under <c>/proc/sys/net</c>; a setting this kernel lacks is left.</summary>
    public void SetKernel(string name, int value) => Run(() =>
    {
        var path = Path.Combine("/proc/sys/net", name); // the kernel shows the settings of the namespace of the thread that opens them
        if (File.Exists(path))
        {
            File.WriteAllText(path, FormattableString.Invariant($"{value}"));
        }
    });

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_work.IsAddingCompleted)
        {
            _work.CompleteAdding();
            if (Thread.CurrentThread != _thread)
            {
                _thread.Join(TimeSpan.FromSeconds(5));
            }
        }
    }

    private void Work()
    {
        foreach (var item in _work.GetConsumingEnumerable())
        {
            item();
        }
    }
}
