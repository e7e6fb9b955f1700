using System.Runtime.InteropServices;

namespace EdgeSensors.Metering.Ebpf;

/// <summary>bpf(2), with the commands and attributes of linux/bpf.h.</summary>
internal static unsafe partial class EbpfSystemCall
{
    public const int MapCreate = 0;
    public const int MapLookup = 1;
    public const int MapUpdate = 2;
    public const int MapDelete = 3;
    public const int MapNextKey = 4;
    public const int ProgramLoad = 5;
    public const int ProgramTestRun = 10;
    public const int MapLookupBatch = 24;
    public const int MapUpdateBatch = 26;
    public const int MapDeleteBatch = 27;
    public const int LinkCreate = 28;

    /// <summary>linux/bpf.h, <c>BPF_XDP</c> of <c>enum bpf_attach_type</c>.</summary>
    public const uint AttachXdp = 37;

    public const int ErrorNotPermitted = 1;
    public const int ErrorNoEntry = 2;
    public const int ErrorTooLong = 7;
    public const int ErrorAgain = 11;
    public const int ErrorNoMemory = 12;
    public const int ErrorAccess = 13;
    public const int ErrorBusy = 16;
    public const int ErrorExists = 17;
    public const int ErrorInvalid = 22;
    public const int ErrorNoSpace = 28;
    public const int ErrorNoSystemCall = 38;

    // An interrupted verification says EAGAIN; the runtime's own signals can cause it.
    private const int Attempts = 10;

    [StructLayout(LayoutKind.Sequential)]
    internal struct LoadAttributes
    {
        public uint Type;
        public uint InstructionCount;
        public ulong Instructions;
        public ulong License;
        public uint LogLevel;
        public uint LogSize;
        public ulong LogBuffer;
        public uint KernelVersion;
        public uint Flags;
        public fixed byte Name[16];
        public uint InterfaceIndex;
        public uint ExpectedAttachType;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct MapAttributes
    {
        public uint Type;
        public uint KeySize;
        public uint ValueSize;
        public uint MaxEntries;
        public uint Flags;
        public uint InnerMap;
        public uint NumaNode;
        public fixed byte Name[16];
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct ElementAttributes
    {
        public uint Map;
        private readonly uint _padding;
        public ulong Key;
        public ulong Value;
        public ulong Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct BatchAttributes
    {
        public ulong InBatch;
        public ulong OutBatch;
        public ulong Keys;
        public ulong Values;
        public uint Count;
        public uint Map;
        public ulong ElementFlags;
        public ulong Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct LinkAttributes
    {
        public uint Program;
        public uint Interface;
        public uint AttachType;
        public uint Flags;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct TestAttributes
    {
        public uint Program;
        public uint Result;
        public uint InputSize;
        public uint OutputSize;
        public ulong Input;
        public ulong Output;
        public uint Repeat;
        public uint DurationNs;
        public uint ContextInputSize;
        public uint ContextOutputSize;
        public ulong ContextInput;
        public ulong ContextOutput;
    }

    /// <summary>Does a command.</summary>
    /// <returns>What the kernel returned, or the negative error number.</returns>
    public static int Do<T>(int command, ref T attributes)
        where T : unmanaged
    {
        nint number = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => 321,
            Architecture.Arm64 or Architecture.RiscV64 or Architecture.LoongArch64 => 280,
            _ => -1,
        };
        if (!OperatingSystem.IsLinux() || number < 0)
        {
            return -ErrorNoSystemCall;
        }

        fixed (T* pointer = &attributes)
        {
            for (var attempt = 1; ; attempt++)
            {
                var result = (int)SystemCall(number, command, pointer, (nint)sizeof(T));
                if (result >= 0)
                {
                    return result;
                }

                var error = Marshal.GetLastPInvokeError();
                if (error != ErrorAgain || attempt == Attempts)
                {
                    return -error;
                }
            }
        }
    }

    /// <summary>
    /// Before Linux 5.11 programs and maps count against RLIMIT_MEMLOCK, whose default of 64 KiB is soon used up; the error is EPERM all the same.
    /// </summary>
    /// <returns>Whether the limit was raised, so that it is worth trying again.</returns>
    public static bool RaiseLockedMemory()
    {
        const int LockedMemory = 8;
        Span<ulong> limits = [ulong.MaxValue, ulong.MaxValue];
        fixed (ulong* pointer = limits)
        {
            return SetLimit(LockedMemory, pointer) == 0;
        }
    }

    /// <summary>A failure of a command that says nothing of its own.</summary>
    public static EbpfError Describe(string doing, int error) => error switch
    {
        ErrorNotPermitted or ErrorAccess => new EbpfError(
            EbpfFault.NotPermitted, $"{doing} needs CAP_BPF; run as root, or with AmbientCapabilities=CAP_BPF in the systemd unit (CAP_SYS_ADMIN before Linux 5.8)"),
        ErrorNoSystemCall => new EbpfError(EbpfFault.NotSupported, $"{doing} needs a Linux kernel with bpf(2) (CONFIG_BPF_SYSCALL)"),
        ErrorInvalid => new EbpfError(EbpfFault.NotSupported, $"{doing}: this kernel does not know what was asked; use Linux 5.6 or newer"),
        ErrorNoEntry => new EbpfError(EbpfFault.NoSuchKey, $"{doing}: there is no such key"),
        ErrorExists => new EbpfError(EbpfFault.KeyExists, $"{doing}: there is such a key already"),
        ErrorTooLong or ErrorNoSpace or ErrorNoMemory => new EbpfError(EbpfFault.NoRoom, $"{doing}: there is no room for more"),
        _ => new EbpfError(EbpfFault.Refused, $"{doing} failed: {Marshal.GetPInvokeErrorMessage(error)}"),
    };

    /// <summary>The name as the kernel takes it: 15 octets of letters, digits, underscore and dot.</summary>
    public static void WriteName(string name, byte* destination)
    {
        for (var i = 0; i < Math.Min(name.Length, 15); i++)
        {
            destination[i] = char.IsAsciiLetterOrDigit(name[i]) || name[i] == '.' ? (byte)name[i] : (byte)'_';
        }
    }

    // syscall(2) is variadic; integers and pointers are passed as any others on Linux's 64-bit conventions.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint command, void* attributes, nint size);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, void* limits);
}
