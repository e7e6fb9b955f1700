using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>What a result was made with, so that somebody else can make it again.</summary>
internal static class Software
{
    /// <summary>Version and commit of this program, in which emulated taps run.</summary>
    public static IReadOnlyDictionary<string, string> Own() => new Dictionary<string, string>
    {
        ["edgesensors-fieldtest"] = typeof(Software).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
    };

    /// <summary>This program and others that it starts; of one that does not say its version, the hash of the file.</summary>
    /// <param name="programs">Their paths.</param>
    public static IReadOnlyDictionary<string, string> With(params IEnumerable<string> programs)
    {
        var all = new Dictionary<string, string>(Own());
        foreach (var program in programs)
        {
            var library = program + ".dll";
            all[Path.GetFileName(program)] = File.Exists(library) && FileVersionInfo.GetVersionInfo(library).ProductVersion is { Length: > 0 } version ? version : "sha256:" + Hash(program);
        }

        return all;
    }

    /// <summary>SHA-256 of a file, in hex; throws <see cref="IOException"/> where it cannot be read.</summary>
    public static string Hash(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }
}
