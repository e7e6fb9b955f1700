using System.CommandLine;
using BenchmarkDotNet.Running;
using EdgeSensors.Benchmarks.Exports;
using EdgeSensors.Benchmarks.Hub;
using EdgeSensors.Benchmarks.Live;
using EdgeSensors.Benchmarks.Meter;
using EdgeSensors.Benchmarks.Traffic;
using EdgeSensors.Benchmarks.Trust;

// `pieces` runs BenchmarkDotNet's micro-benchmarks; the other commands are whole-process loads, to be timed from outside.
if (args is ["pieces", ..])
{
    BenchmarkSwitcher.FromAssembly(typeof(GenerateCommand).Assembly).Run(args[1..]);
    return 0;
}

return new RootCommand("Loads and yardsticks; see docs/performance.md for how they are used.")
{
    GenerateCommand.Create(), LadderCommand.Create(), LiveCommand.Create(), FilterCommand.Create(), PublishCommand.Create(), BlocklistCommand.Create(), LogCommand.Create(), RolloutCommand.Create(), XdpCommand.Create(), XdpListCommand.Create(), HubLoadCommand.Create(), HubReactCommand.Create(), CollectCommand.Create(), FuzzFlowsCommand.Create(),
}.Parse(args).Invoke();
