using System.Security.Cryptography;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>Names a capture file by its beginning, so that a renamed file is resumed and another under the same name is not.</summary>
internal static class FileIdentity
{
    private const int Octets = 1 << 16;

    /// <summary>The name: SHA-256 of the first 64 KiB, and what divides its packets into windows. Throws what opening a file throws.</summary>
    public static string Of(string path, TimeSpan window)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var start = new byte[Octets];
        var length = file.ReadAtLeast(start, Octets, throwOnEndOfStream: false);
        return $"{Convert.ToHexStringLower(SHA256.HashData(start.AsSpan(0, length)))}/{window.Ticks}";
    }
}
