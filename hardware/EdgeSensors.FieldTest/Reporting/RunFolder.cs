using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting.Html;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>The folders of a run: keys and data in a temporary one that goes with the run, the result and the logs in one that stays.</summary>
internal sealed class RunFolder : IDisposable
{
    private readonly DirectoryInfo _temporary;

    private RunFolder(DirectoryInfo temporary, string resultPath)
    {
        _temporary = temporary;
        ResultPath = resultPath;
    }

    /// <summary>Where <c>result.json</c> goes.</summary>
    public string ResultPath { get; }

    /// <summary>The report for people.</summary>
    public string ReportPath => Beside("report.html");

    /// <summary>The report for a CI server.</summary>
    public string JUnitPath => Beside("junit.xml");

    /// <summary>What the run cost the machine.</summary>
    public string TimingPath => Beside("timing.json");

    /// <summary>Where the logs go.</summary>
    public string Logs => Beside("logs");

    /// <summary>The folder of the logs, as a result names it.</summary>
    public string LogName => Path.GetFileName(Logs);

    /// <summary>Keys and data; only this user may look in.</summary>
    public string Temporary => _temporary.FullName;

    /// <summary>Makes them; throws <see cref="ProgramException"/> where that is not possible.</summary>
    public static RunFolder Make(string result)
    {
        try
        {
            var folder = new RunFolder(Directory.CreateTempSubdirectory("edgesensors-run-"), Path.GetFullPath(result));
            if (Directory.Exists(folder.Logs))
            {
                Directory.Delete(folder.Logs, recursive: true);
            }

            Directory.CreateDirectory(folder.Logs);
            foreach (var earlier in (string[])[folder.ResultPath, folder.ReportPath, folder.JUnitPath, folder.TimingPath])
            {
                File.Delete(earlier); // an earlier run's verdict must not be taken for this one's
            }

            return folder;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"no place for the result at {result} ({e.Message}); give another with --result FILE");
        }
    }

    /// <summary>Writes all that a run leaves; throws <see cref="IOException"/> when the disk does not take it.</summary>
    public void Write(ScenarioResult result, RunTiming timing)
    {
        ReportPage.Write(ReportPath, result, timing);
        JUnitFile.Write(JUnitPath, result, timing);
        ResultFile.Write(TimingPath, timing);
        ResultFile.Write(ResultPath, result); // last: who finds it finds the others
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        try
        {
            _temporary.Delete(recursive: true);
        }
        catch (IOException)
        {
            // A program that is still ending may hold a file; the system clears its temporary folder.
        }
    }

    // Beside result.json they have their plain names; beside NAME.json, NAME- in front, so that several fit in a folder.
    private string Beside(string name)
    {
        var stem = Path.GetFileNameWithoutExtension(ResultPath);
        return Path.Combine(Path.GetDirectoryName(ResultPath)!, stem == "result" ? name : $"{stem}-{name}");
    }
}
