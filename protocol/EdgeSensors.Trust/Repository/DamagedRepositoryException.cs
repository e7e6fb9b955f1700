namespace EdgeSensors.Trust.Repository;

/// <summary>A file of the repository is not what it should be; turned into an error value at the edge, in <see cref="TufRepository"/>.</summary>
internal sealed class DamagedRepositoryException(string file, string reason) : Exception(reason)
{
    public string FileName { get; } = file;
}
