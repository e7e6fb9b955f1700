using System.Security.Cryptography;
using System.Text;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Sign;

/// <summary>
/// Parts of an update for a tap, which fetches by hash and range over MQTT. With consistent snapshots (TUF 1.0.34 §6.2) a target's
/// file is named after its SHA-256, so the hash is the way to it. Metadata is asked for by the SHA-256 of its file's name, as the next root's
/// contents cannot be known, and proofs likewise; the two kinds of hash cannot meet. What is not proved is not there, as over HTTPS.
/// </summary>
internal sealed class UpdateChunks(string targets, string metadata, Sequencer shown)
{
    private static readonly string s_timestamp = HashOf("timestamp.json");

    private volatile MetadataNames _names = new(DateTime.MinValue, new Dictionary<string, string>());

    /// <summary>The answer for a file that is not there.</summary>
    public static ChunkMessage Nothing(FetchMessage request) => new(request.Sha256, request.Offset, 0, ReadOnlyMemory<byte>.Empty);

    public ChunkMessage Read(FetchMessage request)
    {
        var hash = Convert.ToHexStringLower(request.Sha256.Span);
        if (hash == s_timestamp)
        {
            return Part(request, shown.Timestamp);
        }

        try
        {
            var path = Directory.EnumerateFiles(targets, hash + ".*", SearchOption.AllDirectories).FirstOrDefault() ?? Names().GetValueOrDefault(hash);
            if (path is null)
            {
                return Nothing(request);
            }

            using var file = File.OpenHandle(path);
            var total = RandomAccess.GetLength(file);
            var data = new byte[Math.Clamp(total - request.Offset, 0, Math.Min((int)request.Length, ChunkMessage.MaxDataOctets))];
            var read = data.Length == 0 ? 0 : RandomAccess.Read(file, data, request.Offset);
            return new ChunkMessage(request.Sha256, request.Offset, (uint)total, data.AsMemory(0, read));
        }
        catch (IOException)
        {
            return Nothing(request); // Replaced in between: the tap asks again for what the new timestamp names.
        }
    }

    // The names are hashed anew only when the folder has changed: a tap that asks for what is not there costs no more than a look at it.
    private Dictionary<string, string> Names()
    {
        var changed = Directory.GetLastWriteTimeUtc(metadata);
        var names = _names;
        if (names.Changed != changed)
        {
            names = new(changed, Directory.EnumerateFiles(metadata).Where(path => shown.IsShown(Path.GetFileName(path))).ToDictionary(
                path => HashOf(Path.GetFileName(path)), StringComparer.Ordinal));
            _names = names;
        }

        return names.Paths;
    }

    private static ChunkMessage Part(FetchMessage request, ReadOnlyMemory<byte> whole)
    {
        var first = (int)Math.Min(request.Offset, whole.Length);
        var length = Math.Min(whole.Length - first, Math.Min((int)request.Length, ChunkMessage.MaxDataOctets));
        return new ChunkMessage(request.Sha256, request.Offset, (uint)whole.Length, whole.Slice(first, length));
    }

    private static string HashOf(string name) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(name)));

    private sealed record MetadataNames(DateTime Changed, Dictionary<string, string> Paths);
}
