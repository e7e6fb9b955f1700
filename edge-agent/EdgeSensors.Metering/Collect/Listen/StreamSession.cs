using System.Buffers.Binary;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>
/// One exporter's TCP or TLS session: IPFIX messages one after the other, each as long as its header says (RFC 7011 §10.4). A message that no IPFIX message can be ends the
/// session, as what follows it cannot be found.
/// </summary>
internal sealed class StreamSession(Stream stream, ExporterEndpoint from, StreamSeat seat, ListenOptions options)
{
    private const int HeaderLength = 16;
    private const int MaxMessage = 65_535;

    private readonly byte[] _buffer = new byte[2 * (MaxMessage + 1)];
    private int _filled;

    /// <summary>Reads until the exporter has ended the session in order. Throws what reading throws, and <see cref="OperationCanceledException"/> when it takes too long.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var whole = true;
        while (true)
        {
            // Whoever sends a message octet by octet does not get more time by each of them.
            if (whole)
                patience.CancelAfter(_filled > 0 ? options.MessageTimeout : options.IdleTimeout);
            var read = await stream.ReadAsync(_buffer.AsMemory(_filled), patience.Token).ConfigureAwait(false);
            if (read == 0)
                return;
            if (_filled == 0)
                patience.CancelAfter(options.MessageTimeout);
            _filled += read;
            var taken = seat.Add(from, _buffer.AsSpan(0, _filled));
            if (taken < 0)
                return;
            whole = taken > 0;
            _buffer.AsSpan(taken.._filled).CopyTo(_buffer);
            _filled -= taken;
        }
    }

    /// <summary>The length of the message that begins here; 0 while too little of it is there, -1 when it is none.</summary>
    public static int MessageLength(ReadOnlySpan<byte> octets)
    {
        if (octets.Length < 4)
            return 0;
        int length = BinaryPrimitives.ReadUInt16BigEndian(octets[2..]);
        return BinaryPrimitives.ReadUInt16BigEndian(octets) != 10 || length < HeaderLength ? -1 : octets.Length < length ? 0 : length;
    }
}
