namespace EdgeSensors.FieldTest.Commands;

/// <summary>Exit codes of every command.</summary>
internal static class ExitCode
{
    /// <summary>Every expectation held.</summary>
    public const int Ok = 0;

    /// <summary>An expectation did not hold, or the run could not be made; one line on standard error says what and what to do.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong.</summary>
    public const int Usage = 2;
}
