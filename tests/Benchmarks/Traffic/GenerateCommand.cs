using System.CommandLine;

namespace EdgeSensors.Benchmarks.Traffic;

/// <summary><c>generate FILE</c>: writes the capture that the meter is measured on.</summary>
internal static class GenerateCommand
{
    public static Command Create()
    {
        var file = new Argument<FileInfo>("file") { Description = "The pcap to write." };
        var flows = new Option<int>("--flows") { Description = "Biflows.", DefaultValueFactory = _ => 500_000 };
        var packets = new Option<int>("--packets") { Description = "Packets, at least one a flow.", DefaultValueFactory = _ => 6_000_000 };
        var snapLength = new Option<int>("--snap") { Description = "Octets kept of each frame.", DefaultValueFactory = _ => 65_535 };
        var seed = new Option<ulong>("--seed") { Description = "The same seed gives the same file.", DefaultValueFactory = _ => 1 };
        var command = new Command("generate", "Writes a synthetic capture: Zipf flow sizes, 14 % IPv6, 67 % TCP, 31 % UDP, 2 % ICMP, 238 octets a packet.")
        {
            file, flows, packets, snapLength, seed,
        };
        command.SetAction(parse =>
        {
            var shape = new TrafficShape(parse.GetValue(flows), parse.GetValue(packets), parse.GetValue(snapLength), parse.GetValue(seed));
            using var stream = parse.GetRequiredValue(file).Create();
            var written = SyntheticCapture.Write(stream, shape);
            Console.WriteLine($"{written.Packets} packets, {written.Octets} octets of frames, {shape.Flows} flows");
        });
        return command;
    }
}
