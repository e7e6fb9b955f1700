using System.Net.Sockets;
using System.Runtime.InteropServices;
using EdgeSensors.EdgeAgent.Run;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// Held by the one agent that enforces in a network namespace: two would take each other's rules out of the same tables, for ever. It is an abstract socket's name (unix(7)): each network namespace has its
/// own, it is no file, and the kernel frees it with the process, however that ends.
/// </summary>
internal sealed partial class EnforcementLock : IDisposable
{
    /// <summary>An agent that is being replaced needs so long to end.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private const string Agents = "edgesensors-agent/enforces";
    private const int SocketLevel = 1;
    private const int PeerCredentials = 17;

    private readonly Socket? _held;

    private EnforcementLock(Socket? held, string? limitation)
    {
        (_held, Limitation) = (held, limitation);
        if (held is not null)
        {
            _ = AnswerAsync(held);
        }
    }

    /// <summary>Why another agent would not be noticed, one line; null when it would.</summary>
    public string? Limitation { get; }

    /// <summary>Takes it, or says in one line who has it and what to do.</summary>
    /// <param name="patience">How long to wait for whoever has it.</param>
    /// <param name="time">The clock of that patience.</param>
    /// <param name="logger">Where it is said that it waits.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="name">The name that is taken.</param>
    public static async Task<(EnforcementLock? Taken, string? Error)> TakeAsync(
        TimeSpan patience, TimeProvider time, ILogger logger, CancellationToken cancellationToken, string name = Agents)
    {
        var place = new UnixDomainSocketEndPoint("\0" + name);
        var began = time.GetTimestamp();
        for (var tries = 0; ; tries++)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Bind(place);
                socket.Listen();
                return (new EnforcementLock(socket, null), null);
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                if (exception.SocketErrorCode != SocketError.AddressAlreadyInUse)
                {
                    return (new EnforcementLock(null, exception.Message), null);
                }
            }

            if (time.GetElapsedTime(began) >= patience)
            {
                return await JudgeAsync(place, name, cancellationToken).ConfigureAwait(false);
            }

            if (tries == 0)
            {
                RunLog.WaitsForAnother(logger);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(100), time, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _held?.Dispose();

    // Anybody on the machine may take the name: who could not enforce must not keep an agent from it. An agent answers.
    private static async Task<(EnforcementLock? Taken, string? Error)> JudgeAsync(UnixDomainSocketEndPoint place, string name, CancellationToken cancellationToken)
    {
        var holder = Ask(place);
        if (holder is { } known && (known.User == 0 || known.User == EffectiveUser()
            || (await EffectiveRights.ReadAsync($"/proc/{known.Process}/status", cancellationToken).ConfigureAwait(false) >> EffectiveRights.NetAdmin & 1) == 1))
        {
            return (null, $"another agent (process {known.Process}) enforces in this network namespace already, and two undo each other's work; "
                + "stop it, or set enforce.enabled: false for one of the two, or run this one in a network namespace of its own");
        }

        var who = holder is { } stranger ? $"process {stranger.Process} of user {stranger.User}" : "a process that does not answer";
        return (new EnforcementLock(null, $"{who} holds the name {name} and is no agent; end it"), null);
    }

    private static Holder? Ask(UnixDomainSocketEndPoint place)
    {
        // It waits for nobody whose queue is full.
        using var asking = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { Blocking = false };
        try
        {
            asking.Connect(place);
            var holder = default(Holder);
            asking.GetRawSocketOption(SocketLevel, PeerCredentials, MemoryMarshal.AsBytes(new Span<Holder>(ref holder)));
            return holder;
        }
        catch (SocketException)
        {
            return null;
        }
    }

    private static async Task AnswerAsync(Socket held)
    {
        try
        {
            while (true)
            {
                (await held.AcceptAsync().ConfigureAwait(false)).Dispose();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // The end.
        }
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    /// <summary>struct ucred (unix(7), SO_PEERCRED): who listens.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Holder
    {
        public int Process;
        public uint User;
        public uint Group;
    }
}
