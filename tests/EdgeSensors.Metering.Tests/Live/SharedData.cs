namespace EdgeSensors.Metering.Tests.Live;

/// <summary>The captures beside the repository.</summary>
internal static class SharedData
{
    public static List<string> Captures()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
            {
                var captures = Path.Combine(folder.Parent!.FullName, "shared", "data", "captures");
                return Directory.Exists(captures) ? [.. Directory.EnumerateFiles(captures, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)] : [];
            }
        }

        return [];
    }
}
