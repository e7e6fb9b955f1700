using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Finds the programs that the same build made: this program's own <c>bin/{configuration}/{framework}</c>, in the other projects' folders.</summary>
internal static class ProgramLocator
{
    /// <summary>The agent.</summary>
    public const string Agent = "edge-agent/EdgeSensors.EdgeAgent/edgesensors-agent";

    /// <summary>The hub.</summary>
    public const string Hub = "hub/EdgeSensors.Hub/edgesensors-hub";

    /// <summary>The witness.</summary>
    public const string Witness = "hub/EdgeSensors.Witness/edgesensors-witness";

    /// <summary>This program.</summary>
    public const string FieldTest = "hardware/EdgeSensors.FieldTest/edgesensors-fieldtest";

    /// <summary>The folder that holds the solution; null outside a clone.</summary>
    public static string? SolutionFolder()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }

    /// <summary>The full path of a program; false with one line of what to do.</summary>
    public static bool TryFind(string program, [NotNullWhen(true)] out string? path, [NotNullWhen(false)] out string? error)
    {
        var (project, name) = (Path.GetDirectoryName(program)!, Path.GetFileName(program));
        var build = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (build.Name, build.Parent?.Name ?? "");
        path = SolutionFolder() is { } solution ? Path.Combine(solution, project, "bin", configuration, framework, name) : null;
        error = path is null ? $"{name} is not found, as this program does not run from a clone of the repository; use: dotnet run --project hardware/EdgeSensors.FieldTest"
            : File.Exists(path) ? null
            : $"{name} is not built; build it with: dotnet build -c {configuration} {project}";
        return error is null;
    }

    /// <summary>The folder of captures beside the clone (<c>../shared/data</c>); null where there is none.</summary>
    public static string? DataFolder()
    {
        var folder = SolutionFolder() is { } solution ? Path.GetFullPath(Path.Combine(solution, "..", "shared", "data")) : null;
        return Directory.Exists(folder) ? folder : null;
    }
}
