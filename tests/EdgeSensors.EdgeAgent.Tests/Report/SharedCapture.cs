namespace EdgeSensors.EdgeAgent.Tests.Report;

/// <summary>A capture of the folder beside the repository.</summary>
internal static class SharedCapture
{
    public static string Path(string file)
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "EdgeSensors.sln")))
            {
                var path = System.IO.Path.Combine(folder.Parent!.FullName, "shared", "data", "captures", file);
                if (File.Exists(path))
                {
                    return path;
                }
            }
        }

        Assert.Skip($"{file} is not in the shared captures");
        return "";
    }
}
