namespace EdgeSensors.Trust.Disk;

/// <summary>A file that one process at a time holds open. The lock goes with the process, however that ends; the file stays.</summary>
internal static class FileLock
{
    /// <summary>Waits for it; dispose of it to let the next one in.</summary>
    /// <param name="path">The file; made where it is not there.</param>
    /// <param name="patience">How long to wait; null is given after it.</param>
    /// <param name="time">The clock.</param>
    public static FileStream? Take(string path, TimeSpan patience, TimeProvider time)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException exception) when (exception is not (FileNotFoundException or DirectoryNotFoundException))
            {
                if (time.GetElapsedTime(started) > patience)
                {
                    return null;
                }

                Thread.Sleep(5);
            }
        }
    }
}
