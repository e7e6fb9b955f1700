namespace EdgeSensors.Trust.Keys;

/// <summary>Where a private key lies, read without opening it.</summary>
/// <param name="Path">The file.</param>
/// <param name="Role">The role that it was made for.</param>
/// <param name="KeyId">The id of its key, as the file says.</param>
/// <param name="IsEncrypted">Whether it needs a passphrase.</param>
public sealed record KeyPlace(string Path, string Role, string KeyId, bool IsEncrypted)
{
    /// <summary>The key files of a folder; those that are none are left out, and a folder that is not there or may not be read has none.</summary>
    public static IReadOnlyList<KeyPlace> In(string folder)
    {
        var places = new List<KeyPlace>();
        try
        {
            foreach (var path in KeyFolder.Files(folder))
            {
                if (KeyFolder.TryReadHeader(path) is { } header)
                {
                    places.Add(header);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return places;
        }

        return places;
    }
}
