using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>Memory whose last octet lies before a page that may not be touched: who reads beyond an input that ends there ends the process.</summary>
internal sealed unsafe partial class GuardedBuffer : IDisposable
{
    private const int ReadWrite = 3;
    private const int PrivateAnonymous = 0x22;

    private readonly byte* _start;
    private readonly nuint _length;
    private readonly nuint _size;

    /// <param name="length">Octets; a multiple of 65,536, which every system's page divides.</param>
    public GuardedBuffer(int length)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the guard page is made with Linux's mmap");
        _length = (nuint)length;
        _size = _length + 65_536;
        _start = (byte*)Map(0, _size, ReadWrite, PrivateAnonymous, -1, 0);
        if ((nint)_start == -1 || Protect((nint)_start + length, 65_536, 0) != 0)
            throw new InvalidOperationException("no memory for a guarded buffer");
    }

    /// <summary>A copy of the input that ends where the memory does.</summary>
    public Span<byte> Place(ReadOnlySpan<byte> input)
    {
        var placed = new Span<byte>(_start + _length - input.Length, input.Length);
        input.CopyTo(placed);
        return placed;
    }

    public void Dispose() => _ = Unmap((nint)_start, _size);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
