using System.ComponentModel;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace EdgeSensors.EndToEnd.Tests.Kill;

/// <summary>
/// Ends a program with SIGKILL before the n-th write, sync, rename, deletion or sending that it does from a moment on: a library (<c>killstep.c</c>) between the program and the C library counts them. Our
/// programs know nothing of it.
/// </summary>
internal sealed class KillStep : IDisposable
{
    // The library's struct page.
    private const int Length = 4096;
    private const int ArmedAt = 4;
    private const int LastAt = 8;
    private const int LastLength = 256;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _page;

    /// <param name="library">What <see cref="TryBuild"/> made.</param>
    /// <param name="path">A new file; one for each start of a program.</param>
    public KillStep(string library, string path)
    {
        File.WriteAllBytes(path, new byte[Length]);
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, Length);
        _page = _file.CreateViewAccessor();
        Environment = new Dictionary<string, string> { ["LD_PRELOAD"] = library, ["KILLSTEP_PAGE"] = path };
    }

    /// <summary>What the program is to be started with.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; }

    /// <summary>The step that it did not come to; empty when it was not ended.</summary>
    public string Last
    {
        get
        {
            var octets = new byte[LastLength];
            _page.ReadArray(LastAt, octets, 0, LastLength);
            return Encoding.UTF8.GetString(octets).TrimEnd('\0');
        }
    }

    /// <summary>Compiles the library; false with one line of why where there is no compiler or no Linux.</summary>
    public static bool TryBuild(string folder, [NotNullWhen(true)] out string? library, [NotNullWhen(false)] out string? reason)
    {
        library = Path.Combine(folder, "killstep.so");
        reason = OperatingSystem.IsLinux() ? null : "the library that counts steps is for Linux";
        if (reason is null)
        {
            try
            {
                var start = new ProcessStartInfo("cc", ["-shared", "-fPIC", "-O2", "-o", library, Path.Combine(AppContext.BaseDirectory, "Kill", "killstep.c")]) { RedirectStandardError = true };
                using var compiler = Process.Start(start)!;
                var complaint = compiler.StandardError.ReadToEnd();
                compiler.WaitForExit();
                reason = compiler.ExitCode == 0 ? null : $"the library that counts steps is not compiled: {complaint.ReplaceLineEndings(" ")}";
            }
            catch (Win32Exception)
            {
                reason = "there is no C compiler (packages gcc and libc6-dev)";
            }
        }

        return reason is null;
    }

    /// <summary>The program ends before the n-th step from now.</summary>
    public void Arm(int steps) => _page.Write(ArmedAt, steps);

    /// <summary>The program goes on from here. False when it had come to the step: then it is ending, if it has not ended yet.</summary>
    public unsafe bool TryDisarm()
    {
        byte* page = null;
        _page.SafeMemoryMappedViewHandle.AcquirePointer(ref page);
        try
        {
            return Interlocked.Exchange(ref *(int*)(page + ArmedAt), 0) > 0;
        }
        finally
        {
            _page.SafeMemoryMappedViewHandle.ReleasePointer();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _page.Dispose();
        _file.Dispose();
    }
}
