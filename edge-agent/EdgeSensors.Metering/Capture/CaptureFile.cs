using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>
/// Reads pcap (draft-ietf-opsawg-pcap) and pcapng (draft-ietf-opsawg-pcapng) capture files, either byte order, from a file or a pipe. Any bytes give packets, an end or
/// a typed <see cref="Error"/>; memory is one buffer whatever the file says, and no packet costs an allocation.
/// </summary>
public sealed class CaptureFile : IPacketSource, IDisposable
{
    /// <summary>The largest captured packet that is believed, in octets; libpcap's own bound for network captures is a quarter of it.</summary>
    public const int MaxPacketLength = 1 << 20;

    internal const int BufferLength = MaxPacketLength + 4096;

    private readonly BlockBuffer _buffer;
    private readonly RecordReader _records;

    /// <summary>The packet that was read to find a block's end: the next block's first.</summary>
    private Held? _heldBack;

    private CaptureFile(BlockBuffer buffer, RecordReader records)
    {
        _buffer = buffer;
        _records = records;
    }

    /// <summary>"pcap" or "pcapng".</summary>
    public string Format => _records.Format;

    /// <summary>Packets handed over so far.</summary>
    public long PacketCount { get; private set; }

    /// <summary>Octets of the whole file when it was asked; null where it is a pipe.</summary>
    public long? Length => _buffer.Length;

    /// <summary>Set once <see cref="Read"/> has said <see cref="PacketRead.End"/> and the file did not end where a record ends.</summary>
    public CaptureError? Error => _records.Error;

    /// <summary>From where a later run goes on after the packet read last.</summary>
    public CapturePosition Position => new(_records.SectionOffset, _buffer.Offset);

    /// <summary>The link types seen so far in the file's headers.</summary>
    public IReadOnlyCollection<LinkType> LinkTypes => _records.LinkTypes;

    /// <summary>Opens a capture file.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="file">The open file.</param>
    /// <param name="error">Why it could not be opened.</param>
    public static bool TryOpen(
        string path,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CaptureFile? file,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out CaptureError? error) => TryOpen(path, CapturePosition.Start, out file, out error);

    /// <summary>Opens a capture file behind the packets that an earlier run has read.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="position">A <see cref="Position"/> of that run.</param>
    /// <param name="file">The open file.</param>
    /// <param name="error">Why it could not be opened; <see cref="CaptureErrorKind.PositionMismatch"/> when it is not the file that run read.</param>
    public static bool TryOpen(
        string path,
        CapturePosition position,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CaptureFile? file,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out CaptureError? error)
    {
        file = null;
        FileStream stream;
        try
        {
            // The reader has its own buffer.
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            error = new CaptureError(CaptureErrorKind.NotFound, 0, $"{path}: no such file; check the path");
            return false;
        }
        catch (UnauthorizedAccessException)
        {
            error = Directory.Exists(path)
                ? new CaptureError(CaptureErrorKind.NotACapture, 0, $"{path}: is a directory; name a capture file in it")
                : new CaptureError(CaptureErrorKind.AccessDenied, 0, $"{path}: may not be read by this user; check its permissions");
            return false;
        }
        catch (IOException exception)
        {
            error = new CaptureError(CaptureErrorKind.ReadFailed, 0, $"{path}: cannot be opened ({exception.Message})");
            return false;
        }

        return TryOpen(stream, path, position, out file, out error);
    }

    /// <summary>Reads a capture from a stream, for instance standard input.</summary>
    /// <param name="stream">The stream, at the capture's first byte; owned by the file from here on.</param>
    /// <param name="name">What errors call it.</param>
    /// <param name="file">The open file.</param>
    /// <param name="error">Why it could not be opened.</param>
    public static bool TryOpen(
        Stream stream,
        string name,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CaptureFile? file,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out CaptureError? error) => TryOpen(stream, name, CapturePosition.Start, out file, out error);

    /// <inheritdoc/>
    public PacketRead Read(ref CapturedPacket packet)
    {
        if (!_records.TryRead(ref packet))
            return PacketRead.End;
        PacketCount++;
        return PacketRead.Packet;
    }

    /// <summary>Reads packets into a block, as many as lie in one buffer, without allocating. A file is read by blocks or packet by packet, not both.</summary>
    /// <param name="block">What was in it is given up.</param>
    /// <returns>False when no packet is left; the block is then empty.</returns>
    public bool ReadBlock(PacketBlock block)
    {
        ArgumentNullException.ThrowIfNull(block);
        block.Clear();
        _buffer.Spare = block.Buffer;
        CapturedPacket packet = default;
        if (_heldBack is { } held)
        {
            _heldBack = null;
            packet.Data = _buffer.Behind(held.Offset, held.Length);
            (packet.TimestampNs, packet.LinkType, packet.OriginalLength) = (held.TimestampNs, held.LinkType, held.OriginalLength);
            block.Add(in packet, held.Offset);
        }

        while (true)
        {
            PacketCount += _records.AddBuffered(block);
            if (block.Count == PacketBlock.MaxPackets || !_records.TryRead(ref packet))
                break;
            PacketCount++;
            var offset = _buffer.OffsetOf(packet.Data);
            if (_buffer.Spare is null)
            {
                // The reader went on in the other buffer to get this packet whole.
                if (block.Count > 0)
                {
                    _heldBack = new Held(packet.TimestampNs, packet.LinkType, packet.OriginalLength, offset, packet.Data.Length);
                    break;
                }

                _buffer.Spare = _buffer.Retired;
            }

            block.Add(in packet, offset);
        }

        if (_buffer.Spare is not null)
            _buffer.UseSpare();
        block.Buffer = _buffer.Retired!;
        return block.Count > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    private static bool TryOpen(
        Stream stream,
        string name,
        CapturePosition position,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out CaptureFile? file,
        [System.Diagnostics.CodeAnalysis.NotNullWhen(false)] out CaptureError? error)
    {
        var buffer = new BlockBuffer(stream, BufferLength);
        var records = CaptureFormats.TryRecognise(buffer, name, position, out error);
        if (records is null)
        {
            buffer.Dispose();
            error ??= new CaptureError(CaptureErrorKind.NotACapture, 0, $"{name}: not a capture file");
            file = null;
            return false;
        }

        error = null;
        file = new CaptureFile(buffer, records);
        return true;
    }

    private readonly record struct Held(long TimestampNs, LinkType LinkType, int OriginalLength, int Offset, int Length);
}
