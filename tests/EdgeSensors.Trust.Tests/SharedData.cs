namespace EdgeSensors.Trust.Tests;

/// <summary>The folder of material that others wrote, beside the project; a test that needs it is skipped where it is not.</summary>
internal static class SharedData
{
    /// <summary>The repository's own folder.</summary>
    public static string Repository { get; } = Find();

    public static string Require(string path)
    {
        var full = Path.Combine(Path.GetDirectoryName(Repository) ?? "", "shared", "data", path);
        Assert.SkipUnless(Path.Exists(full), $"../shared/data/{path} is not there");
        return full;
    }

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("Not below the solution.");
    }
}
