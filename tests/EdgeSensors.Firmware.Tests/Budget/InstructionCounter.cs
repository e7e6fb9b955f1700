using System.Runtime.Loader;
using EdgeSensors.Firmware.Tests.Conformance;
using Mono.Cecil;
using Mono.Cecil.Cil;
using Mono.Cecil.Rocks;

namespace EdgeSensors.Firmware.Tests.Budget;

/// <summary>What some work costs an interpreter.</summary>
internal readonly record struct Cost(long Instructions, long Calls)
{
    public static Cost operator -(Cost a, Cost b) => new(a.Instructions - b.Instructions, a.Calls - b.Calls);
}

/// <summary>
/// The firmware compiled as the device build is (optimised), with a counter at the head of every basic block: it runs on .NET and says exactly how
/// many IL instructions and calls it has executed, which is what the device's interpreter would.
/// </summary>
internal sealed class InstructionCounter
{
    private readonly System.Reflection.FieldInfo _instructions;
    private readonly System.Reflection.FieldInfo _calls;
    private readonly System.Reflection.FieldInfo _blocks;

    private InstructionCounter(System.Reflection.Assembly firmware)
    {
        Firmware = firmware;
        Type counter = firmware.GetType("Executed", throwOnError: true)!;
        _instructions = counter.GetField("Instructions")!;
        _calls = counter.GetField("Calls")!;
        _blocks = counter.GetField("Sha256Blocks")!;
    }

    /// <summary>The instrumented firmware; a world of its own, reached by reflection.</summary>
    public System.Reflection.Assembly Firmware { get; }

    /// <summary>What was executed so far.</summary>
    public Cost Executed => new((long)_instructions.GetValue(null)!, (long)_calls.GetValue(null)!);

    /// <summary>Blocks of 64 octets that went through SHA-256 so far, padding and all.</summary>
    public long Sha256Blocks => (long)_blocks.GetValue(null)!;

    public static InstructionCounter Load()
    {
        (byte[]? image, var errors) = DeviceBuild.CompileToRun();
        Assert.Empty(errors);
        using ModuleDefinition module = ModuleDefinition.ReadModule(new MemoryStream(image!));
        TypeReference int64 = module.TypeSystem.Int64;
        TypeDefinition counter = new("", "Executed", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed, module.TypeSystem.Object);
        FieldDefinition instructions = new("Instructions", FieldAttributes.Public | FieldAttributes.Static, int64);
        FieldDefinition calls = new("Calls", FieldAttributes.Public | FieldAttributes.Static, int64);
        counter.Fields.Add(instructions);
        counter.Fields.Add(calls);
        FieldDefinition blocks = new("Sha256Blocks", FieldAttributes.Public | FieldAttributes.Static, int64);
        counter.Fields.Add(blocks);
        foreach (MethodDefinition method in module.GetTypes().SelectMany(t => t.Methods).Where(m => m.HasBody))
        {
            Instrument(method.Body, instructions, calls);
        }

        MethodBody compress = module.GetType("EdgeSensors.Firmware.Trust.Sha256").Methods.Single(m => m.Name == "Compress").Body;
        Add(compress.GetILProcessor(), compress.Instructions[0], blocks, 1, loaded: false);
        module.Types.Add(counter);
        MemoryStream written = new();
        module.Write(written);
        written.Position = 0;
        return new InstructionCounter(new AssemblyLoadContext("counted").LoadFromStream(written));
    }

    /// <summary>What <paramref name="work"/> executes.</summary>
    public Cost Measure(Action work)
    {
        Cost before = Executed;
        work();
        return Executed - before;
    }

    private static void Instrument(MethodBody body, FieldDefinition instructions, FieldDefinition calls)
    {
        body.SimplifyMacros();
        Instruction[] code = [.. body.Instructions];
        HashSet<Instruction> heads = [code[0]];
        foreach (Instruction instruction in code)
        {
            switch (instruction.Operand)
            {
                case Instruction target: heads.Add(target); break;
                case Instruction[] targets: heads.UnionWith(targets); break;
            }

            if (instruction.OpCode.FlowControl is FlowControl.Branch or FlowControl.Cond_Branch or FlowControl.Return or FlowControl.Throw && instruction.Next is { } next)
            {
                heads.Add(next);
            }
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            foreach (Instruction? edge in (Instruction?[])[handler.TryStart, handler.TryEnd, handler.HandlerStart, handler.HandlerEnd, handler.FilterStart])
            {
                if (edge is not null)
                {
                    heads.Add(edge);
                }
            }
        }

        ILProcessor il = body.GetILProcessor();
        Dictionary<Instruction, Instruction> moved = [];
        for (int i = 0; i < code.Length;)
        {
            int end = i + 1;
            while (end < code.Length && !heads.Contains(code[end]))
            {
                end++;
            }

            int called = code[i..end].Count(c => c.OpCode.FlowControl == FlowControl.Call);
            Instruction first = il.Create(OpCodes.Ldsfld, instructions);
            moved[code[i]] = first;
            il.InsertBefore(code[i], first);
            Add(il, code[i], instructions, end - i, loaded: true);
            if (called > 0)
            {
                Add(il, code[i], calls, called, loaded: false);
            }

            i = end;
        }

        foreach (Instruction instruction in code)
        {
            instruction.Operand = instruction.Operand switch
            {
                Instruction target => moved[target],
                Instruction[] targets => targets.Select(t => moved[t]).ToArray(),
                object other => other,
                null => null,
            };
        }

        foreach (ExceptionHandler handler in body.ExceptionHandlers)
        {
            handler.TryStart = Moved(moved, handler.TryStart);
            handler.TryEnd = Moved(moved, handler.TryEnd);
            handler.HandlerStart = Moved(moved, handler.HandlerStart);
            handler.HandlerEnd = Moved(moved, handler.HandlerEnd);
            handler.FilterStart = Moved(moved, handler.FilterStart);
        }

        body.OptimizeMacros();
    }

    private static void Add(ILProcessor il, Instruction before, FieldDefinition field, int amount, bool loaded)
    {
        if (!loaded)
        {
            il.InsertBefore(before, il.Create(OpCodes.Ldsfld, field));
        }

        il.InsertBefore(before, il.Create(OpCodes.Ldc_I8, (long)amount));
        il.InsertBefore(before, il.Create(OpCodes.Add));
        il.InsertBefore(before, il.Create(OpCodes.Stsfld, field));
    }

    private static Instruction? Moved(Dictionary<Instruction, Instruction> moved, Instruction? edge) => edge is null ? null : moved[edge];
}
