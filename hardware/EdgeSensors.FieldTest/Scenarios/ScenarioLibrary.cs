using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>The scenarios that come with the program (<c>Scenarios/*.yaml</c>), and a person's own files.</summary>
internal static class ScenarioLibrary
{
    private const string Prefix = "scenarios/";
    private const string Extension = ".yaml";

    /// <summary>The names of the program's own, in order.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        .. typeof(ScenarioLibrary).Assembly.GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && n.EndsWith(Extension, StringComparison.Ordinal))
            .Select(n => n[Prefix.Length..^Extension.Length])
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>One of the program's own; they are right, or the build is not.</summary>
    public static Scenario Load(string name)
    {
        using var stream = typeof(ScenarioLibrary).Assembly.GetManifestResourceStream(Prefix + name + Extension)
            ?? throw new ArgumentException($"There is no scenario {name}.", nameof(name));
        using var memory = new MemoryStream();
        stream.CopyTo(memory);
        return ScenarioReader.TryParse(memory.ToArray(), name + Extension, out var scenario, out var error) ? scenario : throw new InvalidOperationException(error.Message);
    }

    /// <summary>One of the program's own by its name, or a file.</summary>
    public static bool TryFind(string nameOrFile, [NotNullWhen(true)] out Scenario? scenario, [NotNullWhen(false)] out ScenarioError? error)
    {
        if (Names.Contains(nameOrFile))
        {
            (scenario, error) = (Load(nameOrFile), null);
            return true;
        }

        if (!File.Exists(nameOrFile))
        {
            scenario = null;
            error = new ScenarioError($"there is no scenario and no file {nameOrFile}; the scenarios are shown by: edgesensors-fieldtest list");
            return false;
        }

        return ScenarioReader.TryRead(nameOrFile, out scenario, out error);
    }
}
