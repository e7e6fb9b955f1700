using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.Metering.Tests.Live;

public sealed class BpfAssemblerTests
{
    [Theory]
    [InlineData(200, 200)]
    [InlineData(255, 255)]
    [InlineData(256, 10)]
    [InlineData(10, 256)]
    [InlineData(300, 300)]
    [InlineData(1000, 2000)]
    public void A_jump_reaches_its_label_however_far(int distance, int further)
    {
        foreach (var value in (byte[])[7, 8])
        {
            var (yes, no) = (new BpfLabel(), new BpfLabel());
            var asm = new BpfAssembler().Emit(BpfOpcode.LoadXImmediate, 0).Emit(BpfOpcode.LoadByteIndirect, 0)
                .JumpIf(BpfOpcode.JumpEqualConstant, 7, yes, no);
            Pad(asm, distance).Place(yes).Emit(BpfOpcode.ReturnConstant, 1);
            Pad(asm, further).Place(no).Emit(BpfOpcode.ReturnConstant, 2);
            Assert.Equal(value == 7 ? 1u : 2u, BpfInterpreter.Run(asm.Assemble(), [value]));
        }
    }

    [Fact]
    public void Trampolines_that_push_other_jumps_out_of_reach_are_followed_by_more()
    {
        // Forty jumps to one label, so placed that each added trampoline lengthens the way of those before it.
        var (far, asm) = (new BpfLabel(), new BpfAssembler().Emit(BpfOpcode.LoadXImmediate, 0).Emit(BpfOpcode.LoadByteIndirect, 0));
        for (uint i = 0; i < 40; i++)
        {
            asm.JumpIf(BpfOpcode.JumpEqualConstant, i, far);
        }

        Pad(asm, 230).Emit(BpfOpcode.ReturnConstant, 2).Place(far).Emit(BpfOpcode.ReturnConstant, 1);
        var program = asm.Assemble();
        for (var value = 0; value < 60; value++)
        {
            Assert.Equal(value < 40 ? 1u : 2u, BpfInterpreter.Run(program, [(byte)value]));
        }
    }

    [Fact]
    public void A_backward_jump_a_lost_label_and_a_program_too_long_are_refused()
    {
        var label = new BpfLabel();
        var backward = new BpfAssembler().Place(label).Emit(BpfOpcode.CopyAToX).Jump(label);
        Assert.Throws<InvalidOperationException>(backward.Assemble);
        Assert.Throws<InvalidOperationException>(new BpfAssembler().Jump(new BpfLabel()).Assemble);
        Assert.Throws<InvalidOperationException>(Pad(new BpfAssembler(), 4097).Assemble);
    }

    private static BpfAssembler Pad(BpfAssembler asm, int count)
    {
        for (var i = 0; i < count; i++)
        {
            asm.Emit(BpfOpcode.AddConstant, 0);
        }

        return asm;
    }
}
