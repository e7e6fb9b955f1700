namespace EdgeSensors.Metering.Capture.Live;

/// <summary>A place in a BPF program that is jumped to before it is known where it lies.</summary>
internal sealed class BpfLabel
{
    /// <summary>The index of the statement it stands before, or -1 until it is placed.</summary>
    internal int Statement { get; set; } = -1;
}

/// <summary>
/// Assembles classic BPF with labels. A conditional jump reaches at most 255 instructions; one whose target lies further gets a
/// trampoline (an unconditional jump, whose reach is 32 bits) right behind it. Classic BPF has no backward jumps: a label is placed after its uses.
/// </summary>
internal sealed class BpfAssembler
{
    private readonly record struct Statement(ushort Code, uint Operand, BpfLabel? True, BpfLabel? False);

    private readonly List<Statement> _statements = [];

    /// <summary>Adds an instruction that does not jump.</summary>
    public BpfAssembler Emit(ushort code, uint operand = 0)
    {
        _statements.Add(new Statement(code, operand, null, null));
        return this;
    }

    /// <summary>Adds an unconditional jump.</summary>
    public BpfAssembler Jump(BpfLabel target)
    {
        _statements.Add(new Statement(BpfOpcode.Jump, 0, target, null));
        return this;
    }

    /// <summary>Adds a conditional jump; a missing side falls through to the next instruction.</summary>
    public BpfAssembler JumpIf(ushort code, uint operand, BpfLabel? whenTrue = null, BpfLabel? whenFalse = null)
    {
        if (whenTrue is null && whenFalse is null)
        {
            throw new ArgumentException("A conditional jump needs a target.");
        }

        var next = whenTrue is null || whenFalse is null ? new BpfLabel() : null;
        _statements.Add(new Statement(code, operand, whenTrue ?? next, whenFalse ?? next));
        if (next is not null)
        {
            Place(next);
        }

        return this;
    }

    /// <summary>Places a label before the next instruction.</summary>
    public BpfAssembler Place(BpfLabel label)
    {
        if (label.Statement >= 0)
        {
            throw new InvalidOperationException("A label is placed once.");
        }

        label.Statement = _statements.Count;
        return this;
    }

    /// <summary>Resolves every jump.</summary>
    /// <exception cref="InvalidOperationException">A label was never placed or lies behind its use, or the program is longer than the kernel takes.</exception>
    public BpfInstruction[] Assemble()
    {
        // Which sides of which conditional jumps need a trampoline. Adding one can push another target out of reach, so repeat until nothing
        // changes; the set only grows, so it ends.
        var farTrue = new bool[_statements.Count];
        var farFalse = new bool[_statements.Count];
        var address = new int[_statements.Count + 1];
        bool changed;
        do
        {
            for (var i = 0; i < _statements.Count; i++)
            {
                address[i + 1] = address[i] + 1 + (farTrue[i] ? 1 : 0) + (farFalse[i] ? 1 : 0);
            }

            changed = false;
            for (var i = 0; i < _statements.Count; i++)
            {
                if (IsConditional(_statements[i]))
                {
                    changed |= MarkFar(farTrue, i, _statements[i].True!, address);
                    changed |= MarkFar(farFalse, i, _statements[i].False!, address);
                }
            }
        }
        while (changed);

        if (address[^1] is 0 or > BpfOpcode.MaximumInstructions)
        {
            throw new InvalidOperationException($"The program has {address[^1]} instructions.");
        }

        var program = new List<BpfInstruction>(address[^1]);
        for (var i = 0; i < _statements.Count; i++)
        {
            var statement = _statements[i];
            if (statement.True is null)
            {
                program.Add(new BpfInstruction(statement.Code, 0, 0, statement.Operand));
            }
            else if (!IsConditional(statement))
            {
                program.Add(JumpTo(statement.True, i, address[i], address));
            }
            else
            {
                var trampolines = (farTrue[i] ? 1 : 0) + (farFalse[i] ? 1 : 0);
                var toTrue = farTrue[i] ? 0 : Distance(statement.True, i, address[i], address);
                var toFalse = farFalse[i] ? trampolines - 1 : Distance(statement.False!, i, address[i], address);
                program.Add(new BpfInstruction(statement.Code, checked((byte)toTrue), checked((byte)toFalse), statement.Operand));
                if (farTrue[i])
                {
                    program.Add(JumpTo(statement.True, i, address[i] + 1, address));
                }

                if (farFalse[i])
                {
                    program.Add(JumpTo(statement.False!, i, address[i] + trampolines, address));
                }
            }
        }

        return [.. program];
    }

    private static bool IsConditional(Statement statement) => statement.False is not null;

    private static bool MarkFar(bool[] far, int index, BpfLabel target, int[] address)
    {
        if (far[index] || Distance(target, index, address[index], address) <= byte.MaxValue)
        {
            return false;
        }

        return far[index] = true;
    }

    private static BpfInstruction JumpTo(BpfLabel target, int statement, int from, int[] address) =>
        new(BpfOpcode.Jump, 0, 0, (uint)Distance(target, statement, from, address));

    private static int Distance(BpfLabel target, int statement, int from, int[] address)
    {
        if (target.Statement <= statement)
        {
            throw new InvalidOperationException(target.Statement < 0 ? "A label was never placed." : "Classic BPF cannot jump backwards.");
        }

        return address[target.Statement] - from - 1;
    }
}
