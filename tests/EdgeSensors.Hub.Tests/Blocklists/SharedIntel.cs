namespace EdgeSensors.Hub.Tests.Blocklists;

/// <summary>The folder of intelligence lists and schemas beside the repository; tests that need it are skipped, saying so, where it is absent.</summary>
internal static class SharedIntel
{
    public static string File(string relative) => Find("intel", relative);

    public static string Schema(string relative) => Find("schemas", relative);

    private static string Find(string folder, string relative)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(at.FullName, "EdgeSensors.sln"))
                && Path.Combine(at.Parent!.FullName, "shared", "data", folder, relative) is var path && System.IO.File.Exists(path))
            {
                return path;
            }
        }

        Assert.Skip($"../shared/data/{folder}/{relative} is not beside the repository.");
        return "";
    }
}
