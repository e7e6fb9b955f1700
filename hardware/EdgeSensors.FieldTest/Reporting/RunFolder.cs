using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Reporting;

/// <summary>The folders of a run: keys and data in a temporary one that goes with the run, the result and the logs in one that stays.</summary>
internal sealed class RunFolder : IDisposable
{
    private readonly DirectoryInfo _temporary;

    private RunFolder(DirectoryInfo temporary, string resultPath, string logs)
    {
        _temporary = temporary;
        ResultPath = resultPath;
        Logs = logs;
    }

    /// <summary>Where <c>result.json</c> goes.</summary>
    public string ResultPath { get; }

    /// <summary>Where the logs go.</summary>
    public string Logs { get; }

    /// <summary>Keys and data; only this user may look in.</summary>
    public string Temporary => _temporary.FullName;

    /// <summary>Makes them; throws <see cref="ProgramException"/> where that is not possible.</summary>
    public static RunFolder Make(string result)
    {
        try
        {
            var path = Path.GetFullPath(result);
            var logs = Path.Combine(Path.GetDirectoryName(path)!, Path.GetFileNameWithoutExtension(path) + "-logs");
            if (Directory.Exists(logs))
            {
                Directory.Delete(logs, recursive: true);
            }

            Directory.CreateDirectory(logs);
            File.Delete(path); // an earlier run's verdict must not be taken for this one's
            return new RunFolder(Directory.CreateTempSubdirectory("edgesensors-ring-"), path, logs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ProgramException($"no place for the result at {result} ({e.Message}); give another with --result FILE");
        }
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
}
