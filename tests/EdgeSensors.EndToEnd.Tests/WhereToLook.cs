using System.Text.RegularExpressions;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>Where a check sends its reader.</summary>
internal static partial class WhereToLook
{
    /// <summary>Fails where a file that it names is not in the folder of the result, or where it names nothing.</summary>
    public static void IsThere(string folder, string lookAt)
    {
        Assert.NotEmpty(lookAt);
        Assert.All(File().Matches(lookAt), m => Assert.True(System.IO.File.Exists(Path.Combine(folder, m.Value)), $"{m.Value} is not in the folder of the result"));
    }

    [GeneratedRegex(@"\S+\.(log|json)")]
    private static partial Regex File();
}
