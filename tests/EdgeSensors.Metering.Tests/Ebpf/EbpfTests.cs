using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Metering.Tests.Ebpf;

/// <summary>The assembler and the loader, by the kernel's own judgement; skipped, saying why, where bpf(2) is not allowed.</summary>
public sealed class EbpfTests
{
    [Fact]
    public void A_program_with_a_loop_is_verified_compiled_and_run()
    {
        // 1 + 2 + … + 10.
        var again = new EbpfLabel();
        var asm = new EbpfAssembler().Move(EbpfRegister.R0, 0).Move(EbpfRegister.R1, 0)
            .Place(again)
            .Compute(EbpfOperation.Add, EbpfRegister.R1, 1)
            .Compute(EbpfOperation.Add, EbpfRegister.R0, EbpfRegister.R1)
            .JumpIf(EbpfCondition.Less, EbpfRegister.R1, 10, again)
            .Exit();
        using var program = LoadOrSkip(asm);
        Assert.Null(program.TestRun(new byte[64], 1, out var result, out _));
        Assert.Equal(55u, result);
    }

    [Fact]
    public void Wide_constants_byte_order_and_arithmetic_are_as_written()
    {
        var asm = new EbpfAssembler()
            .MoveWide(EbpfRegister.R1, 0x0102_0304_0506_0708)
            .Store(EbpfWidth.Bits64, EbpfRegister.R10, -8, EbpfRegister.R1)
            .Load(EbpfWidth.Bits16, EbpfRegister.R0, EbpfRegister.R10, BitConverter.IsLittleEndian ? -8 : -2) // 0708
            .FromNetworkOrder(EbpfRegister.R0, EbpfWidth.Bits16)
            .Compute(EbpfOperation.Multiply, EbpfRegister.R0, 3)
            .Compute(EbpfOperation.ExclusiveOr, EbpfRegister.R0, 5)
            .Compute(EbpfOperation.ShiftRight, EbpfRegister.R0, 1)
            .Exit();
        using var program = LoadOrSkip(asm);
        Assert.Null(program.TestRun(new byte[64], 1, out var result, out _));
        var half = BitConverter.IsLittleEndian ? 0x0807u : 0x0708u;
        Assert.Equal(((half * 3) ^ 5) >> 1, result);
    }

    [Fact]
    public void A_rejected_program_says_what_the_verifier_minds()
    {
        using var allowed = LoadOrSkip(new EbpfAssembler().Move(EbpfRegister.R0, 0).Exit());
        var asm = new EbpfAssembler().Load(EbpfWidth.Bits64, EbpfRegister.R0, EbpfRegister.R10, -8).Load(EbpfWidth.Bits32, EbpfRegister.R0, EbpfRegister.R0, 0).Exit();
        Assert.False(EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_bad", asm.Assemble(), out _, out var error));
        Assert.Equal(EbpfFault.Rejected, error.Fault);
        Assert.Contains("R0 invalid mem access", error.Message, StringComparison.Ordinal);
        Assert.Contains("R0 invalid mem access", error.VerifierLog, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public void A_lost_label_an_empty_program_and_a_label_placed_twice_are_refused()
    {
        var label = new EbpfLabel();
        Assert.Throws<InvalidOperationException>(new EbpfAssembler().Jump(label).Exit().Assemble);
        Assert.Throws<InvalidOperationException>(new EbpfAssembler().Assemble);
        Assert.Throws<InvalidOperationException>(() => new EbpfAssembler().Place(label).Place(label));
    }

    [Fact]
    public void A_program_counts_in_a_map_that_this_process_reads()
    {
        using var map = MapOrSkip(EbpfMapType.Array, 4, 8, 4);
        var (found, asm) = (new EbpfLabel(), new EbpfAssembler());
        asm.Move(EbpfRegister.R1, 2).Store(EbpfWidth.Bits32, EbpfRegister.R10, -4, EbpfRegister.R1)
            .MoveMap(EbpfRegister.R1, map).Move(EbpfRegister.R2, EbpfRegister.R10).Compute(EbpfOperation.Add, EbpfRegister.R2, -4)
            .Call(EbpfHelper.MapLookup)
            .JumpIf(EbpfCondition.NotEqual, EbpfRegister.R0, 0, found).Exit()
            .Place(found).Move(EbpfRegister.R1, 5).AddAtomic(EbpfWidth.Bits64, EbpfRegister.R0, 0, EbpfRegister.R1).Move(EbpfRegister.R0, 1).Exit();
        using var program = LoadOrSkip(asm);
        Assert.Null(program.TestRun(new byte[64], 3, out _, out _));
        var value = new byte[8];
        Assert.Null(map.Lookup(BitConverter.GetBytes(2), value));
        Assert.Equal(15, BitConverter.ToInt64(value));
    }

    [Fact]
    public void A_map_gives_what_was_put_in_and_says_what_is_not_there_or_does_not_fit()
    {
        using var map = MapOrSkip(EbpfMapType.Hash, 4, 8, 2);
        var value = new byte[8];
        Assert.Equal(EbpfFault.NoSuchKey, map.Lookup(BitConverter.GetBytes(1), value)?.Fault);
        Assert.Equal(EbpfFault.NoSuchKey, map.Delete(BitConverter.GetBytes(1))?.Fault);
        Assert.Null(map.Update(BitConverter.GetBytes(1), BitConverter.GetBytes(11L)));
        Assert.Null(map.Update(BitConverter.GetBytes(2), BitConverter.GetBytes(22L)));
        Assert.Equal(EbpfFault.NoRoom, map.Update(BitConverter.GetBytes(3), BitConverter.GetBytes(33L))?.Fault);
        Assert.Null(map.Lookup(BitConverter.GetBytes(2), value));
        Assert.Equal(22, BitConverter.ToInt64(value));
        Assert.Null(map.Delete(BitConverter.GetBytes(2)));
        var next = new byte[4];
        Assert.Null(map.NextKey([], next));
        Assert.Equal(1, BitConverter.ToInt32(next));
        Assert.Equal(EbpfFault.NoSuchKey, map.NextKey(next, next)?.Fault);
        Assert.Throws<ArgumentException>(() => map.Update(new byte[3], value));
    }

    [Fact]
    public void Many_prefixes_go_in_and_out_by_one_call_and_the_longest_is_found()
    {
        using var map = MapOrSkip(EbpfMapType.LongestPrefix, 8, 4, 4096);
        var (keys, values) = (new byte[8 * 1000], new byte[4 * 1000]);
        for (var i = 0; i < 1000; i++)
        {
            BitConverter.TryWriteBytes(keys.AsSpan(i * 8), 24);
            new byte[] { 10, (byte)(i >> 8), (byte)i, 0 }.CopyTo(keys, (i * 8) + 4);
            BitConverter.TryWriteBytes(values.AsSpan(i * 4), i);
        }

        if (map.UpdateBatch(keys, values, out var done) is { } refusal)
        {
            Assert.Equal(EbpfFault.NotSupported, refusal.Fault);
            Assert.Skip(refusal.Message);
        }

        Assert.Equal(1000, done);
        var value = new byte[4];
        Assert.Null(map.Lookup([.. BitConverter.GetBytes(32), 10, 1, 7, 99], value));
        Assert.Equal(263, BitConverter.ToInt32(value));

        var (cursor, read, first) = (new byte[8], 0, true);
        for (EbpfError? end = null; end is null; first = false)
        {
            end = map.LookupBatch(cursor, first, new byte[8 * 300], new byte[4 * 300], out var count);
            read += count;
        }

        Assert.Equal(1000, read);
        Assert.Null(map.DeleteBatch(keys.AsSpan(0, 8 * 600), out done));
        Assert.Equal(600, done);
        Assert.Equal(EbpfFault.NoSuchKey, map.Lookup([.. BitConverter.GetBytes(32), 10, 1, 7, 99], value)?.Fault);
    }

    [Fact]
    public void A_map_for_each_core_has_room_for_every_core()
    {
        using var map = MapOrSkip(EbpfMapType.PerCpuArray, 4, 4, 1);
        var values = new byte[map.ValueSize];
        Assert.True(values.Length >= 8 * Environment.ProcessorCount);
        Assert.Null(map.Lookup(new byte[4], values));
        Assert.All(values, octet => Assert.Equal(0, octet));
    }

    private static EbpfProgram LoadOrSkip(EbpfAssembler asm)
    {
        if (!EbpfProgram.TryLoad(EbpfProgramType.SocketFilter, "es_test", asm.Assemble(), out var program, out var error))
        {
            Assert.False(error.Fault == EbpfFault.Rejected, error.VerifierLog);
            Assert.Skip(error.Message);
        }

        return program;
    }

    private static EbpfMap MapOrSkip(EbpfMapType type, int key, int value, int entries)
    {
        if (!EbpfMap.TryCreate(type, "es_test", key, value, entries, out var map, out var error))
        {
            Assert.Skip(error.Message);
        }

        return map;
    }
}
