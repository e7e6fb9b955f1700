namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>Exit codes of every command of the agent.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Ok = 0;

    /// <summary>Something that was asked for could not be done; one line on standard error says what and what to do.</summary>
    public const int Failed = 1;

    /// <summary>The command line or the configuration is wrong.</summary>
    public const int Usage = 2;
}
