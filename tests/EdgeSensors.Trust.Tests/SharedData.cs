namespace EdgeSensors.Trust.Tests;

/// <summary>The folder of material that others wrote, beside the project; a test that needs it is skipped where it is not.</summary>
internal static class SharedData
{
    public static string Require(string path)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
        {
            folder = folder.Parent;
        }

        var full = Path.Combine(folder?.Parent?.FullName ?? "", "shared", "data", path);
        Assert.SkipUnless(folder is not null && Path.Exists(full), $"../shared/data/{path} is not there");
        return full;
    }
}
