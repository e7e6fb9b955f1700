using System.Globalization;

namespace EdgeSensors.Trust.Tests;

/// <summary>How long fuzzing goes on: a little with every test run, and as long as <c>EDGESENSORS_FUZZ</c> says (a factor) when asked to.</summary>
internal static class Fuzzing
{
    public static long Iterations(int usual) =>
        long.TryParse(Environment.GetEnvironmentVariable("EDGESENSORS_FUZZ"), CultureInfo.InvariantCulture, out var factor) ? usual * factor : usual;
}
