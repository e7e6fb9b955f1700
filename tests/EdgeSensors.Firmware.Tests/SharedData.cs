using EdgeSensors.Firmware.Tests.Conformance;

namespace EdgeSensors.Firmware.Tests;

/// <summary>Test material that nobody here wrote, beside the repository.</summary>
internal static class SharedData
{
    /// <summary>The full path of something in it; skips the test if it is not there.</summary>
    public static string Path(string relative)
    {
        string full = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(DeviceBuild.Root)!, "shared", "data", relative);
        Assert.SkipUnless(System.IO.Path.Exists(full), $"../shared/data/{relative} is not there");
        return full;
    }
}
