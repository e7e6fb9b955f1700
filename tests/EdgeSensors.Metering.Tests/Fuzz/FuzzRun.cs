using System.Globalization;

namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>
/// How many inputs a fuzz target is given. In the usual run a few hundred thousand; the environment variable EDGESENSORS_FUZZ_INPUTS gives another number, and
/// EDGESENSORS_FUZZ_SEED another series. An input follows from its series and its number alone.
/// </summary>
internal static class FuzzRun
{
    private static readonly ulong Series = (ulong)(Number("EDGESENSORS_FUZZ_SEED") ?? 1) << 48;

    /// <summary>Inputs for a target that usually gets so many.</summary>
    public static long Inputs(long usual) => Number("EDGESENSORS_FUZZ_INPUTS") ?? usual;

    /// <summary>The generator of one input.</summary>
    public static FuzzRandom Input(long number) => new(Series ^ (ulong)number);

    private static long? Number(string variable) =>
        Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? long.Parse(text, CultureInfo.InvariantCulture) : null;
}
