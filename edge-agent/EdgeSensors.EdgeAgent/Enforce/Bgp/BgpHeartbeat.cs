using System.Buffers.Binary;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>
/// A small file that the agent changes at each beat and the watchdog compares with what it saw before: no clock is shared, so none can be wrong.
/// </summary>
/// <param name="path">Where it lies.</param>
internal sealed class BgpHeartbeat(string path)
{
    private const int Octets = 24;

    private readonly byte[] _beat = [.. Guid.NewGuid().ToByteArray(), .. new byte[8]];
    private long _count;

    /// <summary>Where it lies.</summary>
    public string Path => path;

    /// <summary>Changes the file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor may it.</exception>
    public void Beat()
    {
        BinaryPrimitives.WriteInt64BigEndian(_beat.AsSpan(16), ++_count);
        if (System.IO.Path.GetDirectoryName(path) is { Length: > 0 } folder)
        {
            Directory.CreateDirectory(folder);
        }

        File.WriteAllBytes(path, _beat);
    }

    /// <summary>What the file holds, of a strange one its beginning; null when there is none or it cannot be read.</summary>
    public byte[]? Read()
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            var octets = new byte[Octets];
            return octets[..RandomAccess.Read(file, octets, 0)];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
