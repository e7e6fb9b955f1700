using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Store;

namespace EdgeSensors.Hub.Commands;

/// <summary>Exit codes of every command of the hub.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Something that was asked for could not be done; one line on standard error says what and what to do.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;
}

/// <summary>What stops a command, in one line for a person: what happened and what to do.</summary>
internal sealed class CommandException(string kind, string message, int exitCode = ExitCode.Failed) : Exception(message)
{
    public string Kind { get; } = kind;

    public int ExitCode { get; } = exitCode;
}

/// <summary>The edge where exceptions of the calm path become one line and an exit code.</summary>
internal static class Failure
{
    public static async Task<int> GuardAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (CommandException e)
        {
            return Say(e.Kind, e.Message, e.ExitCode);
        }
        catch (ConfigurationException e)
        {
            return Say("configuration", e.Message, ExitCode.Usage);
        }
        catch (StoreException e)
        {
            return Say("store", e.Message, ExitCode.Failed);
        }
        catch (OperationCanceledException)
        {
            return Say("interrupted", "stopped before the end", ExitCode.Failed);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Say("disk", $"{e.Message.TrimEnd('.')}; check the path, its rights and the free space", ExitCode.Failed);
        }
    }

    private static int Say(string kind, string message, int code)
    {
        Console.Error.WriteLine($"error[{kind}]: {message.ReplaceLineEndings(" ")}");
        return code;
    }
}
