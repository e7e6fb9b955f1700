using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeSensors.Tests;

/// <summary>A serial line between two programs of this machine (pty(7)): the other opens <see cref="Device"/>, the test has this end.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int ReadWrite = 2;
    private const int NoControl = 0x100;

    private readonly FileStream _line;
    private readonly FileStream _kept;

    private PseudoTerminal(SafeFileHandle master, string device)
    {
        Device = device;

        // While nobody has the other end open, reading here fails.
        _kept = new FileStream(device, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite, bufferSize: 0);
        _line = new FileStream(master, FileAccess.ReadWrite, bufferSize: 0);
    }

    /// <summary>The path of the other end.</summary>
    public string Device { get; }

    /// <summary>Makes one, or skips the test saying why there is none.</summary>
    public static PseudoTerminal CreateOrSkip()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "pseudoterminals are opened as Linux does");
        var master = Open(ReadWrite | NoControl);
        Assert.SkipUnless(master >= 0, "this machine gives no pseudoterminal");
        var name = new byte[64];
        Assert.True(Grant(master) == 0 && Unlock(master) == 0 && Name(master, name, name.Length) == 0);
        return new PseudoTerminal(new SafeFileHandle(master, ownsHandle: true), System.Text.Encoding.ASCII.GetString(name, 0, Array.IndexOf(name, (byte)0)));
    }

    /// <summary>What the other end has sent, when there is some; 0 when the line was hung up.</summary>
    public int Read(byte[] octets)
    {
        try
        {
            return _line.Read(octets);
        }
        catch (IOException)
        {
            return 0;
        }
    }

    /// <summary>Sends to the other end.</summary>
    public void Write(ReadOnlySpan<byte> octets) => _line.Write(octets);

    public void Dispose()
    {
        _kept.Dispose();
        _line.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt")]
    private static partial int Open(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt")]
    private static partial int Grant(int master);

    [LibraryImport("libc", EntryPoint = "unlockpt")]
    private static partial int Unlock(int master);

    [LibraryImport("libc", EntryPoint = "ptsname_r")]
    private static partial int Name(int master, [Out] byte[] name, nint size);
}
