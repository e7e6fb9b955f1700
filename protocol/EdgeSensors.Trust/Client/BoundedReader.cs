namespace EdgeSensors.Trust.Client;

/// <summary>Reads a stream to its end, or to a bound: an endless file costs no more than the bound.</summary>
internal static class BoundedReader
{
    private const int FirstBuffer = 16 * 1024;

    public static async Task<FetchOutcome> ReadAsync(Stream stream, long maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[(int)Math.Min(maxBytes + 1, FirstBuffer)];
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                if (length > maxBytes)
                {
                    return new FetchOutcome(FetchStatus.TooLarge, default, $"it is longer than {maxBytes} bytes");
                }

                Array.Resize(ref buffer, (int)Math.Min(maxBytes + 1, buffer.Length * 2L));
            }

            var read = await stream.ReadAsync(buffer.AsMemory(length), cancellationToken);
            if (read == 0)
            {
                return length > maxBytes
                    ? new FetchOutcome(FetchStatus.TooLarge, default, $"it is longer than {maxBytes} bytes")
                    : new FetchOutcome(FetchStatus.Fetched, buffer.AsMemory(0, length), "");
            }

            length += read;
        }
    }
}
