using System.Globalization;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Where the outbox and the trusted metadata are kept.</summary>
/// <param name="directory">The directory.</param>
internal sealed class StateDirectoryCheck(string directory) : ICheck
{
    private const string Area = "Storage";
    private const long LeastOctets = 64L << 20;
    private const long FewOctets = 1L << 30;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<Finding>>([Writable(), .. Space()]);

    private Finding Writable()
    {
        const string Subject = "state directory";
        if (!Directory.Exists(directory))
        {
            return CanBeMade()
                ? new Finding(Area, Subject, Verdict.Ok, $"{directory} does not exist yet; the agent makes it")
                : new Finding(Area, Subject, Verdict.Fail, $"{directory} does not exist and cannot be made by this user", $"make it: install -d -m 700 -o {Environment.UserName} {directory}");
        }

        var probe = Path.Combine(directory, $".doctor-{Environment.ProcessId}");
        try
        {
            File.WriteAllBytes(probe, new byte[4096]);
            File.Delete(probe);
            return new Finding(Area, Subject, Verdict.Ok, $"{directory} can be written");
        }
        catch (UnauthorizedAccessException)
        {
            return new Finding(Area, Subject, Verdict.Fail, $"{directory} may not be written by this user", $"give it to the agent's user: chown {Environment.UserName} {directory}");
        }
        catch (IOException exception)
        {
            return new Finding(Area, Subject, Verdict.Fail, $"{directory} cannot be written: {exception.Message.TrimEnd('.')}", "free space, or mount it for writing");
        }
    }

    /// <summary>Tries it where one level is missing, and leaves nothing behind.</summary>
    private bool CanBeMade()
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        if (!Directory.Exists(Path.GetDirectoryName(path)))
        {
            return false;
        }

        try
        {
            Directory.CreateDirectory(path);
            Directory.Delete(path);
            return true;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private IEnumerable<Finding> Space()
    {
        var place = Path.GetFullPath(directory);
        long free;
        try
        {
            free = new DriveInfo(Directory.Exists(place) ? place : Path.GetDirectoryName(place) ?? "/").AvailableFreeSpace;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            yield break; // the place is not there, and that was said
        }

        var text = string.Create(CultureInfo.InvariantCulture, $"{free / (double)(1 << 20):0} MiB free");
        yield return free < LeastOctets ? new Finding(Area, "space", Verdict.Fail, text, "free at least 64 MiB: reports would be dropped while the hub is away")
            : free < FewOctets ? new Finding(Area, "space", Verdict.Warn, text, "free 1 GiB or more, to bridge a hub that is away for long")
            : new Finding(Area, "space", Verdict.Ok, text);
    }
}
