using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.Hub.Blocklists.Export;

/// <summary>UUIDs that are the same for the same thing at every export, so that a receiver updates what it has and does not pile up.</summary>
internal static class StableId
{
    /// <summary>A UUID of the shape of version 4 (RFC 9562 §5.4; STIX 2.1 takes no version above 5), from a hash instead of chance.</summary>
    public static string Of(string what)
    {
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes($"edgesensors blocklist: {what}"));
        hash[6] = (byte)((hash[6] & 0x0F) | 0x40);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash.AsSpan(0, 16), bigEndian: true).ToString();
    }
}
