using EdgeSensors.FieldTest.Commands;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.FieldTest.Tests.Commands;

/// <summary>An option that a run would not follow is refused.</summary>
public class RunCommandTests
{
    [Theory]
    [InlineData("run reflection --taps 3", "error[usage]: --taps is for emulated taps, and reflection plays on real programs in real time; leave it out.")]
    [InlineData("run reflection --speed 2", "error[usage]: --speed is for emulated taps, and reflection plays on real programs in real time; leave it out.")]
    [InlineData("run scan --for 5", "error[usage]: --for is for run --taps N without a scenario; leave it out.")]
    [InlineData("run --taps 3 --longer 2", "error[usage]: --longer is for run SCENARIO; leave it out.")]
    [InlineData("run --taps 3 --keep", "error[usage]: --keep is for run SCENARIO; leave it out.")]
    public async Task It_is_refused_with_its_name(string line, string words)
    {
        var stop = TestContext.Current.CancellationToken;
        Assert.True(ProgramLocator.TryFind(ProgramLocator.FieldTest, out var program, out var error), error);
        var folder = Directory.CreateTempSubdirectory("edgesensors-run-command-");
        try
        {
            using var run = StartedProgram.Start(null, program, [.. line.Split(' '), "--results", folder.FullName], Path.Combine(folder.FullName, "screen.log"));
            Assert.True(await run.WaitForEndAsync(TimeSpan.FromMinutes(1), stop), "it is not refused but played");
            Assert.Equal((ExitCode.Usage, words), (run.ExitCode, Assert.Single(run.Said).Text));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
