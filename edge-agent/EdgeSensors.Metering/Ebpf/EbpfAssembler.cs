namespace EdgeSensors.Metering.Ebpf;

/// <summary>A place in an eBPF program that can be jumped to before it is known where it lies.</summary>
public sealed class EbpfLabel
{
    /// <summary>The index of the instruction it stands before, or -1 until it is placed.</summary>
    internal int Instruction { get; set; } = -1;
}

/// <summary>
/// Assembles eBPF (RFC 9669) with labels. Jumps may go backwards; that a loop ends is for the kernel's verifier to see (Linux 5.3 and newer).
/// A mistake of the caller is an exception; what the kernel thinks of the program is <see cref="EbpfProgram.TryLoad"/>'s result.
/// </summary>
public sealed class EbpfAssembler
{
    private const byte ClassLoadImmediate = 0x00;
    private const byte ClassLoad = 0x01;
    private const byte ClassStoreImmediate = 0x02;
    private const byte ClassStore = 0x03;
    private const byte ClassArithmetic32 = 0x04;
    private const byte ClassJump = 0x05;
    private const byte ClassArithmetic = 0x07;
    private const byte SourceRegister = 0x08;
    private const byte ModeMemory = 0x60;
    private const byte ModeAtomic = 0xC0;
    private const byte ByteOrder = 0xD0;
    private const byte CallFunction = 0x80;
    private const byte EndProgram = 0x90;
    private const EbpfRegister MapDescriptor = (EbpfRegister)1; // BPF_PSEUDO_MAP_FD

    private readonly List<EbpfInstruction> _instructions = [];
    private readonly List<(int At, EbpfLabel Target)> _jumps = [];

    /// <summary>Instructions so far; a wide constant takes two.</summary>
    public int Count => _instructions.Count;

    /// <summary>destination = destination op constant (sign-extended).</summary>
    public EbpfAssembler Compute(EbpfOperation operation, EbpfRegister destination, int constant) =>
        Emit((byte)(ClassArithmetic | (byte)operation), destination, default, 0, constant);

    /// <summary>destination = destination op source.</summary>
    public EbpfAssembler Compute(EbpfOperation operation, EbpfRegister destination, EbpfRegister source) =>
        Emit((byte)(ClassArithmetic | SourceRegister | (byte)operation), destination, source, 0, 0);

    /// <summary>destination = constant (sign-extended).</summary>
    public EbpfAssembler Move(EbpfRegister destination, int constant) => Compute(EbpfOperation.Move, destination, constant);

    /// <summary>destination = source.</summary>
    public EbpfAssembler Move(EbpfRegister destination, EbpfRegister source) => Compute(EbpfOperation.Move, destination, source);

    /// <summary>destination = a constant of 64 bits; two instructions.</summary>
    public EbpfAssembler MoveWide(EbpfRegister destination, ulong constant) => Wide(destination, default, constant);

    /// <summary>destination = a map, to be the first argument of a helper; two instructions.</summary>
    public EbpfAssembler MoveMap(EbpfRegister destination, EbpfMap map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return Wide(destination, MapDescriptor, (uint)map.FileDescriptor);
    }

    /// <summary>The lower 16 or 32, or all 64, bits of a register from network byte order to the machine's, the rest cleared; the way back is the same.</summary>
    public EbpfAssembler FromNetworkOrder(EbpfRegister register, EbpfWidth width) =>
        Emit(ClassArithmetic32 | SourceRegister | ByteOrder, register, default, 0, width switch
        {
            EbpfWidth.Bits16 => 16,
            EbpfWidth.Bits32 => 32,
            EbpfWidth.Bits64 => 64,
            _ => throw new ArgumentOutOfRangeException(nameof(width), "one octet has no order"),
        });

    /// <summary>destination = memory at address + offset.</summary>
    public EbpfAssembler Load(EbpfWidth width, EbpfRegister destination, EbpfRegister address, int offset) =>
        Emit((byte)(ClassLoad | ModeMemory | (byte)width), destination, address, checked((short)offset), 0);

    /// <summary>Memory at address + offset = source.</summary>
    public EbpfAssembler Store(EbpfWidth width, EbpfRegister address, int offset, EbpfRegister source) =>
        Emit((byte)(ClassStore | ModeMemory | (byte)width), address, source, checked((short)offset), 0);

    /// <summary>Memory at address + offset = constant.</summary>
    public EbpfAssembler Store(EbpfWidth width, EbpfRegister address, int offset, int constant) =>
        Emit((byte)(ClassStoreImmediate | ModeMemory | (byte)width), address, default, checked((short)offset), constant);

    /// <summary>Memory at address + offset += source, in one piece for all cores. <see cref="EbpfWidth.Bits32"/> or <see cref="EbpfWidth.Bits64"/>.</summary>
    public EbpfAssembler AddAtomic(EbpfWidth width, EbpfRegister address, int offset, EbpfRegister source) =>
        Emit((byte)(ClassStore | ModeAtomic | (byte)width), address, source, checked((short)offset), 0);

    /// <summary>Goes on at a label.</summary>
    public EbpfAssembler Jump(EbpfLabel target) => JumpTo(target, ClassJump, default, default, 0);

    /// <summary>Goes on at a label if left and a constant compare so.</summary>
    public EbpfAssembler JumpIf(EbpfCondition condition, EbpfRegister left, int right, EbpfLabel target) =>
        JumpTo(target, (byte)(ClassJump | (byte)condition), left, default, right);

    /// <summary>Goes on at a label if left and right compare so.</summary>
    public EbpfAssembler JumpIf(EbpfCondition condition, EbpfRegister left, EbpfRegister right, EbpfLabel target) =>
        JumpTo(target, (byte)(ClassJump | SourceRegister | (byte)condition), left, right, 0);

    /// <summary>Calls a function of the kernel: R1 to R5 are its arguments and lost, R0 is its result.</summary>
    public EbpfAssembler Call(EbpfHelper helper) => Emit(ClassJump | CallFunction, default, default, 0, (int)helper);

    /// <summary>Ends the program with R0 as its result.</summary>
    public EbpfAssembler Exit() => Emit(ClassJump | EndProgram, default, default, 0, 0);

    /// <summary>Places a label before the next instruction.</summary>
    public EbpfAssembler Place(EbpfLabel label)
    {
        ArgumentNullException.ThrowIfNull(label);
        if (label.Instruction >= 0)
        {
            throw new InvalidOperationException("A label is placed once.");
        }

        label.Instruction = _instructions.Count;
        return this;
    }

    /// <summary>Resolves every jump.</summary>
    /// <exception cref="InvalidOperationException">A label was never placed or lies beyond a jump's reach of 32,767 instructions, or there are no instructions.</exception>
    public EbpfInstruction[] Assemble()
    {
        if (_instructions.Count == 0)
        {
            throw new InvalidOperationException("The program is empty.");
        }

        EbpfInstruction[] program = [.. _instructions];
        foreach (var (at, target) in _jumps)
        {
            var distance = target.Instruction - at - 1;
            if (target.Instruction < 0 || target.Instruction >= program.Length || distance is < short.MinValue or > short.MaxValue)
            {
                throw new InvalidOperationException(target.Instruction < 0 ? "A label was never placed." : "A jump's target is out of reach.");
            }

            program[at] = program[at] with { Offset = (short)distance };
        }

        return program;
    }

    private EbpfAssembler JumpTo(EbpfLabel target, byte code, EbpfRegister left, EbpfRegister right, int constant)
    {
        ArgumentNullException.ThrowIfNull(target);
        _jumps.Add((_instructions.Count, target));
        return Emit(code, left, right, 0, constant);
    }

    private EbpfAssembler Wide(EbpfRegister destination, EbpfRegister kind, ulong constant)
    {
        Emit(ClassLoadImmediate | (byte)EbpfWidth.Bits64, destination, kind, 0, (int)(uint)constant);
        return Emit(0, default, default, 0, (int)(uint)(constant >> 32));
    }

    private EbpfAssembler Emit(byte code, EbpfRegister destination, EbpfRegister source, short offset, int immediate)
    {
        _instructions.Add(new EbpfInstruction(code, EbpfInstruction.Pack(destination, source), offset, immediate));
        return this;
    }
}
