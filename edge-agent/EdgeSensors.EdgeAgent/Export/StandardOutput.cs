using System.Runtime.InteropServices;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>
/// Standard output as the kernel has it. The console's stream takes a reader that has gone (<c>head</c>) for one that reads on, so that a long run, or a listener, would go on for nobody.
/// </summary>
/// <remarks>Throws <see cref="IOException"/> when what is written cannot go anywhere.</remarks>
internal sealed partial class StandardOutput : Stream
{
    private const int Descriptor = 1;

    // Linux, asm-generic/errno-base.h.
    private const int Interrupted = 4;
    private const int TryAgain = 11;

    /// <inheritdoc/>
    public override bool CanRead => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <inheritdoc/>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = WriteTo(Descriptor, in MemoryMarshal.GetReference(buffer), (nuint)buffer.Length);
            if (written >= 0)
                buffer = buffer[(int)written..];
            else if (Marshal.GetLastPInvokeError() is var error && error == TryAgain)
                Thread.Sleep(1); // somebody who shares it made it non-blocking
            else if (error != Interrupted)
                throw new IOException(Marshal.GetPInvokeErrorMessage(error));
        }
    }

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint WriteTo(int descriptor, in byte octets, nuint count);
}
