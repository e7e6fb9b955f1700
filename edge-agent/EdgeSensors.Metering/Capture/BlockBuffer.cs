using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Capture;

/// <summary>Reads a stream in large blocks and hands out spans of them; one buffer for the whole file, so reading allocates nothing per record.</summary>
internal sealed class BlockBuffer(Stream stream, int capacity) : IDisposable
{
    /// <summary>Octets asked for at a time: few system calls, and still in the second-level cache when the packets are parsed.</summary>
    private const int ReadLength = 64 * 1024;

    private byte[] _buffer = Allocate(capacity);
    private int _start;
    private int _end;
    private bool _streamEnded;

    /// <summary>Offset in the file of the next unread byte.</summary>
    public long Offset { get; private set; }

    /// <summary>What the operating system said when it could not read on; null while it could. The stream then counts as ended.</summary>
    public string? ReadFailure { get; private set; }

    /// <summary>Octets of the whole file; null of a pipe.</summary>
    public long? Length => stream.CanSeek ? stream.Length : null;

    /// <summary>The largest span that can be asked for.</summary>
    public int Capacity => _buffer.Length;

    /// <summary>Bytes that are buffered and unread.</summary>
    public int Available => _end - _start;

    /// <summary>Where in the buffer what is unread begins.</summary>
    public int Start => _start;

    /// <summary>Bytes that are buffered and unread.</summary>
    public ReadOnlySpan<byte> Unread => _buffer.AsSpan(_start, _end - _start);

    /// <summary>Where in the buffer a span of it lies.</summary>
    public int OffsetOf(ReadOnlySpan<byte> part) =>
        (int)Unsafe.ByteOffset(ref MemoryMarshal.GetArrayDataReference(_buffer), ref MemoryMarshal.GetReference(part));

    /// <summary>Bytes that were consumed and not yet overwritten.</summary>
    public Span<byte> Behind(int offset, int length) => _buffer.AsSpan(offset, length);

    /// <summary>
    /// A buffer to go on in when this one is used up, so that what was handed out of this one stays as it is. Null when there is none, or once it is in use: then the one before is
    /// <see cref="Retired"/>.
    /// </summary>
    public byte[]? Spare { get; set; }

    /// <summary>The buffer that <see cref="Spare"/> took over from.</summary>
    public byte[]? Retired { get; private set; }

    /// <summary>A buffer of this kind.</summary>
    public static byte[] Allocate(int capacity) => GC.AllocateUninitializedArray<byte>(capacity, pinned: true);

    /// <summary>Makes at least <paramref name="count"/> bytes available if the file holds them.</summary>
    public bool Ensure(int count) => _end - _start >= count || Fill(count);

    /// <summary>The next bytes, which <see cref="Ensure"/> has made available, without consuming them.</summary>
    public Span<byte> Peek(int count) => _buffer.AsSpan(_start, count);

    /// <summary>Consumes bytes that are available.</summary>
    public void Advance(int count)
    {
        _start += count;
        Offset += count;
    }

    /// <summary>Consumes bytes without looking at them, however many; false when the file ends first.</summary>
    public bool Skip(long count)
    {
        while (count > 0)
        {
            if (Available == 0 && !Fill(1))
                return false;
            var step = (int)Math.Min(count, Available);
            Advance(step);
            count -= step;
        }

        return true;
    }

    /// <summary>Goes forward to an absolute offset: by seeking where the stream can, else by reading on. False when the file ends before it.</summary>
    public bool TrySeek(long offset)
    {
        if (offset < Offset)
            return false;
        if (offset - Offset <= Available || !stream.CanSeek)
            return Skip(offset - Offset);
        if (offset > stream.Length)
            return false;
        stream.Seek(offset, SeekOrigin.Begin);
        _start = _end = 0;
        Offset = offset;
        return true;
    }

    /// <summary>Goes on in <see cref="Spare"/>, with what is unread.</summary>
    public void UseSpare()
    {
        Buffer.BlockCopy(_buffer, _start, Spare!, 0, _end - _start);
        (Retired, _buffer, Spare) = (_buffer, Spare!, null);
        _end -= _start;
        _start = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private bool Fill(int count)
    {
        if (count > _buffer.Length)
            return false;
        if (Spare is not null)
        {
            UseSpare();
        }
        else if (_start > 0)
        {
            Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
            _end -= _start;
            _start = 0;
        }

        while (_end < count && !_streamEnded)
        {
            int read;
            try
            {
                read = stream.Read(_buffer, _end, Math.Min(_buffer.Length - _end, Math.Max(count - _end, ReadLength)));
            }
            catch (IOException exception)
            {
                ReadFailure = exception.Message;
                read = 0;
            }

            if (read == 0)
                _streamEnded = true;
            _end += read;
        }

        return _end >= count;
    }
}
