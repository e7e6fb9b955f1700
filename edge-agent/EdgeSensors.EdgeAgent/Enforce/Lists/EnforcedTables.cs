namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>
/// The nftables tables that runs on one state directory have enforced by. Their names are the same for every agent of a machine: one takes away only what its own runs can have put there. Writing fails
/// with <see cref="IOException"/> or <see cref="UnauthorizedAccessException"/>.
/// </summary>
/// <param name="directory">The state directory; made when it is not there.</param>
internal sealed class EnforcedTables(string directory)
{
    /// <summary>Whether a run has enforced by it since what was there was taken away.</summary>
    public bool Contains(string table) => File.Exists(PathOf(table));

    /// <summary>A run is going to. A power cut that loses this note takes the table as well.</summary>
    public void Add(string table)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllBytes(PathOf(table), []);
    }

    /// <summary>What was there was taken away.</summary>
    public void Remove(string table) => File.Delete(PathOf(table));

    private string PathOf(string table) => Path.Combine(directory, $"enforced-{table}");
}
