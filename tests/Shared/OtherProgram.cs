using System.Diagnostics;

namespace EdgeSensors.Tests;

/// <summary>Other people's programs.</summary>
internal static class OtherProgram
{
    /// <summary>Where a program is installed, or a skipped test that says which Debian package has it.</summary>
    public static string FindOrSkip(string name, string package)
    {
        foreach (var folder in new[] { "/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin" })
        {
            if (File.Exists(Path.Combine(folder, name)))
                return Path.Combine(folder, name);
        }

        Assert.Skip($"{name} is not installed (Debian: apt install {package}).");
        return "";
    }

    public static Process Start(string program, params IEnumerable<string> arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;

    /// <summary>Runs a program to its end and gives its standard output.</summary>
    public static string Run(string program, params IEnumerable<string> arguments)
    {
        using var process = Start(program, arguments);
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return text;
    }
}
