using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace EdgeSensors.Metering.Ebpf;

/// <summary>A program that the kernel has verified and compiled. Disposing it lets go of it; where it is attached it stays.</summary>
public sealed unsafe class EbpfProgram : IDisposable
{
    private const int MaximumLogOctets = 4 << 20;

    private readonly SafeFileHandle _handle;

    private EbpfProgram(SafeFileHandle handle, int instructionCount)
    {
        _handle = handle;
        InstructionCount = instructionCount;
    }

    /// <summary>The descriptor, to attach the program by; valid until it is disposed.</summary>
    public int FileDescriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Its instructions as it was assembled.</summary>
    public int InstructionCount { get; }

    /// <summary>Has the kernel verify and compile a program.</summary>
    /// <param name="type">What for.</param>
    /// <param name="name">How <c>bpftool prog</c> shows it; 15 characters at most count.</param>
    /// <param name="instructions">From <see cref="EbpfAssembler"/>.</param>
    /// <param name="program">The loaded program.</param>
    /// <param name="error">Why there is none.</param>
    public static bool TryLoad(
        EbpfProgramType type,
        string name,
        ReadOnlySpan<EbpfInstruction> instructions,
        [NotNullWhen(true)] out EbpfProgram? program,
        [NotNullWhen(false)] out EbpfError? error)
    {
        ArgumentNullException.ThrowIfNull(name);
        var descriptor = Load(type, name, instructions, []);
        if (descriptor == -EbpfSystemCall.ErrorNotPermitted && EbpfSystemCall.RaiseLockedMemory())
        {
            descriptor = Load(type, name, instructions, []);
        }

        program = descriptor < 0 ? null : new EbpfProgram(new SafeFileHandle(descriptor, ownsHandle: true), instructions.Length);
        error = descriptor < 0 ? Explain(type, name, instructions, -descriptor) : null;
        return program is not null;
    }

    /// <summary>Runs the program on a packet without sending or receiving one (BPF_PROG_TEST_RUN).</summary>
    /// <param name="packet">The packet with a link header, 14 octets to some 3,500. A socket filter is shown it without its first 14 octets.</param>
    /// <param name="repeat">How often to run it.</param>
    /// <param name="result">The program's result.</param>
    /// <param name="nanoseconds">What a run took on average.</param>
    public EbpfError? TestRun(ReadOnlySpan<byte> packet, int repeat, out uint result, out uint nanoseconds)
    {
        fixed (byte* input = packet)
        {
            var attributes = new EbpfSystemCall.TestAttributes
            {
                Program = (uint)FileDescriptor,
                InputSize = (uint)packet.Length,
                Input = (ulong)input,
                Repeat = (uint)repeat,
            };
            var done = EbpfSystemCall.Do(EbpfSystemCall.ProgramTestRun, ref attributes);
            (result, nanoseconds) = (attributes.Result, attributes.DurationNs);
            return done < 0 ? EbpfSystemCall.Describe("running a program on trial", -done) : null;
        }
    }

    /// <summary>Lets go of the program.</summary>
    public void Dispose() => _handle.Dispose();

    private static int Load(EbpfProgramType type, string name, ReadOnlySpan<EbpfInstruction> instructions, Span<byte> log)
    {
        // The licence that the project is under; the kernel keeps some helpers for the GPL's, none of which is called.
        fixed (byte* license = "Apache-2.0\0"u8, buffer = log)
        fixed (EbpfInstruction* first = instructions)
        {
            var attributes = new EbpfSystemCall.LoadAttributes
            {
                Type = (uint)type,
                InstructionCount = (uint)instructions.Length,
                Instructions = (ulong)first,
                License = (ulong)license,
                LogLevel = log.IsEmpty ? 0u : 1,
                LogSize = (uint)log.Length,
                LogBuffer = (ulong)buffer,
            };
            EbpfSystemCall.WriteName(name, attributes.Name);
            return EbpfSystemCall.Do(EbpfSystemCall.ProgramLoad, ref attributes);
        }
    }

    /// <summary>Asks again with a log, which costs the verifier too much to be kept always.</summary>
    private static EbpfError Explain(EbpfProgramType type, string name, ReadOnlySpan<EbpfInstruction> instructions, int code)
    {
        if (code is EbpfSystemCall.ErrorNotPermitted or EbpfSystemCall.ErrorNoSystemCall)
        {
            return EbpfSystemCall.Describe($"loading the program {name}", code);
        }

        var log = new byte[MaximumLogOctets];
        var again = Load(type, name, instructions, log);
        if (again >= 0)
        {
            new SafeFileHandle(again, ownsHandle: true).Dispose();
        }

        var end = Array.IndexOf(log, (byte)0);
        var text = Encoding.ASCII.GetString(log, 0, end < 0 ? log.Length : end).TrimEnd();
        if (text.Length == 0)
        {
            return EbpfSystemCall.Describe($"loading the program {name}", code);
        }

        // The verifier ends with a line of statistics; what it minds stands before.
        var reason = text.Split('\n').LastOrDefault(line => line.Length > 0 && !line.StartsWith("processed ", StringComparison.Ordinal)) ?? "";
        return new EbpfError(EbpfFault.Rejected, $"this kernel's verifier refused the program {name}: {reason}", text);
    }
}
