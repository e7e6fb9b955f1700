namespace EdgeSensors.Protocol;

/// <summary>A tap's request for a range of an update.</summary>
/// <param name="Sha256">SHA-256 of the whole file, 32 octets.</param>
/// <param name="Offset">First octet wanted.</param>
/// <param name="Length">Octets wanted, 1 to 8,192.</param>
public sealed record FetchMessage(ReadOnlyMemory<byte> Sha256, uint Offset, ushort Length);

/// <summary>The hub's answer to a <see cref="FetchMessage"/>.</summary>
/// <param name="Sha256">SHA-256 of the whole file, 32 octets.</param>
/// <param name="Offset">First octet given.</param>
/// <param name="TotalLength">Octets of the whole file; 0 when the hub does not have it.</param>
/// <param name="Data">At most 8,192 octets.</param>
public sealed record ChunkMessage(ReadOnlyMemory<byte> Sha256, uint Offset, uint TotalLength, ReadOnlyMemory<byte> Data)
{
    /// <summary>The most octets a chunk carries.</summary>
    public const int MaxDataOctets = 8192;
}
