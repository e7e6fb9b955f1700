using System.CommandLine;
using EdgeSensors.FieldTest.Ring;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>list</c>: the scenarios.</summary>
internal static class ListCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command("list", "The scenarios.");
        command.SetAction(_ => Console.Out.WriteLine($"{RingScenario.Name}    a replayed attack, a hub, an agent in the gateway: from the first packet to the first drop"));
        return command;
    }
}
