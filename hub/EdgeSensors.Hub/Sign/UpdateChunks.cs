using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Sign;

/// <summary>
/// Parts of a signed target for a tap, which fetches by hash and range over MQTT. With consistent snapshots (TUF 1.0.34 §6.2) a target's
/// file is named after its SHA-256, so the hash is the way to it.
/// </summary>
internal sealed class UpdateChunks(string targets)
{
    /// <summary>The answer for a file that is not there.</summary>
    public static ChunkMessage Nothing(FetchMessage request) => new(request.Sha256, request.Offset, 0, ReadOnlyMemory<byte>.Empty);

    public ChunkMessage Read(FetchMessage request)
    {
        var hash = Convert.ToHexStringLower(request.Sha256.Span);
        try
        {
            if (Directory.EnumerateFiles(targets, hash + ".*", SearchOption.AllDirectories).FirstOrDefault() is not { } path)
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
}
