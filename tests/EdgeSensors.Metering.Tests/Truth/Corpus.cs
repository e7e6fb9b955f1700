using System.Text.Json;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>The folder of real captures beside the repository; tests that need it are skipped, saying so, where it is absent.</summary>
internal static class Corpus
{
    public static string Captures
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (!File.Exists(Path.Combine(folder.FullName, "EdgeSensors.sln")))
                    continue;
                var captures = Path.Combine(folder.Parent!.FullName, "shared", "data", "captures");
                if (Directory.Exists(captures))
                    return captures;
                break;
            }

            Assert.Skip("../shared/data/captures is not beside the repository: the comparison with other tools' results needs its captures.");
            return "";
        }
    }

    /// <summary>The rows of MANIFEST.tsv as column name to value.</summary>
    public static IEnumerable<Dictionary<string, string>> Manifest(string folder)
    {
        var lines = File.ReadLines(Path.Combine(Captures, "MANIFEST.tsv"));
        string[]? names = null;
        foreach (var line in lines)
        {
            var cells = line.Split('\t');
            if (names is null)
                names = cells;
            else if (cells[0].StartsWith(folder, StringComparison.Ordinal))
                yield return names.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second);
        }
    }

    public static IEnumerable<JsonElement> TsharkTruth()
    {
        foreach (var line in File.ReadLines(Path.Combine(Captures, "TSHARK_TRUTH.jsonl")))
        {
            using var document = JsonDocument.Parse(line);
            yield return document.RootElement.Clone();
        }
    }
}
