using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>What a run of <c>nft</c> gave.</summary>
/// <param name="Output">Its standard output; empty on failure.</param>
/// <param name="Error">One line on why it failed; null when it did not.</param>
/// <param name="Fault">What kind of failure.</param>
internal readonly record struct NftResult(ReadOnlyMemory<byte> Output, string? Error, NftFault Fault)
{
    /// <summary>Whether it did what it was told.</summary>
    public bool Succeeded => Fault == NftFault.None;
}

/// <summary>Kinds of failure of <c>nft</c>.</summary>
internal enum NftFault
{
    /// <summary>None.</summary>
    None,

    /// <summary>The program is not there or does not start.</summary>
    NotInstalled,

    /// <summary>CAP_NET_ADMIN is missing.</summary>
    NotPermitted,

    /// <summary>What was named does not exist.</summary>
    NotFound,

    /// <summary>It took or said too much and was ended.</summary>
    Runaway,

    /// <summary>It refused for another reason.</summary>
    Refused,
}

/// <summary>Runs <c>nft</c> directly, never through a shell, in bounded time and with bounded output.</summary>
/// <param name="program">The program's path or name.</param>
/// <param name="leading">Arguments before those of a run, for a program that starts nft elsewhere (<c>ip netns exec NAME nft</c>).</param>
internal sealed class NftCommand(string program, params IReadOnlyList<string> leading)
{
    private const int MaxOutputOctets = 64 << 20;
    private const int MaxErrorOctets = 4096;

    private static readonly string[] s_places = ["/usr/sbin/nft", "/sbin/nft", "/usr/local/sbin/nft", "/usr/bin/nft"];

    /// <summary>The longest that a run may take; default 20 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The nft of this machine; services often run without the sbin directories in their path.</summary>
    public static NftCommand OfThisMachine() => new(s_places.FirstOrDefault(File.Exists) ?? "nft");

    /// <summary>Runs it once.</summary>
    public async Task<NftResult> RunAsync(IReadOnlyList<string> arguments, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(program, [.. leading, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["LC_ALL"] = "C"; // its messages are read below

        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Exception exception) when (exception is Win32Exception or FileNotFoundException)
        {
            return Failure(NftFault.NotInstalled, "nft does not start; install it: apt-get install nftables");
        }

        using (process)
        using (var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            limit.CancelAfter(Timeout);
            try
            {
                var output = ReadAsync(process.StandardOutput.BaseStream, MaxOutputOctets, limit.Token);
                var errors = ReadAsync(process.StandardError.BaseStream, MaxErrorOctets, limit.Token);
                await WriteAsync(process, input, limit.Token).ConfigureAwait(false);
                var said = await output.ConfigureAwait(false);
                if (said is null)
                {
                    return Failure(NftFault.Runaway, $"nft wrote more than {MaxOutputOctets >> 20} MiB and was ended; the table holds too much");
                }

                var complained = await errors.ConfigureAwait(false);
                await process.WaitForExitAsync(limit.Token).ConfigureAwait(false);
                return process.ExitCode == 0 ? new NftResult(said.Value, null, NftFault.None) : Explain(complained, process.ExitCode);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return Failure(NftFault.Runaway, $"nft did not end within {Timeout.TotalSeconds:0} s and was ended");
            }
            finally
            {
                End(process);
            }
        }
    }

    private static async Task WriteAsync(Process process, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, cancellationToken).ConfigureAwait(false);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended without reading all; its exit code and its complaint say why.
        }
    }

    /// <summary>Everything from a stream; of a complaint that is too long the beginning, of an output that is too long nothing.</summary>
    private static async Task<ReadOnlyMemory<byte>?> ReadAsync(Stream stream, int most, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(most, 16 << 10)];
        var length = 0;
        while (await stream.ReadAsync(buffer.AsMemory(length), cancellationToken).ConfigureAwait(false) is > 0 and var read)
        {
            length += read;
            if (length == most)
            {
                if (most > MaxErrorOctets)
                {
                    return null;
                }

                await stream.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
                break;
            }

            if (length == buffer.Length)
            {
                Array.Resize(ref buffer, (int)Math.Min(most, buffer.Length * 2L));
            }
        }

        return buffer.AsMemory(0, length);
    }

    private static NftResult Explain(ReadOnlyMemory<byte>? complaint, int exitCode)
    {
        // The first line is the message, behind a place in the input that means nothing to a reader of JSON; those after it quote the input.
        var text = Encoding.UTF8.GetString((complaint ?? default).Span).Trim();
        var line = text.Split('\n', 2)[0];
        var start = line.IndexOf("Error: ", StringComparison.Ordinal);
        var message = new string([.. line[(start < 0 ? 0 : start + "Error: ".Length)..].Where(c => !char.IsControl(c))]);
        if (message.Contains("Operation not permitted", StringComparison.Ordinal))
        {
            return Failure(
                NftFault.NotPermitted, "nft may not change the packet filter; run the agent as root, or with AmbientCapabilities=CAP_NET_ADMIN in its systemd unit");
        }

        return message.Contains("No such file or directory", StringComparison.Ordinal)
            ? Failure(NftFault.NotFound, $"nft: {message}")
            : Failure(NftFault.Refused, message.Length > 0 ? $"nft refused: {message}" : $"nft ended with exit code {exitCode}");
    }

    private static void End(Process process)
    {
        try
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception exception) when (exception is InvalidOperationException or Win32Exception)
        {
            // It ended by itself meanwhile.
        }
    }

    private static NftResult Failure(NftFault fault, string error) => new(default, error, fault);
}
