using System.CommandLine;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Commands;

/// <summary>What narrows a measure against an address to some of its packets: its protocol and port, and whom it talks to.</summary>
internal sealed class ConnectionOptions
{
    public Option<string> Protocol { get; } = Parsing.Word("--protocol", "Only packets of this protocol.", "any", "any", "tcp", "udp", "sctp", "icmp");

    public Option<int?> Port { get; } = PortOption("--port", "Only packets of this port of the address.");

    public Option<Prefix?> Peer { get; } = new("--peer")
    {
        Description = "Only packets between the address and this one, or this prefix.", HelpName = "PREFIX", CustomParser = result => Parsing.Prefix(result),
    };

    public Option<int?> PeerPort { get; } = PortOption("--peer-port", "Only packets of this port of the peer.");

    public Option<string> Direction { get; } = Parsing.Word(
        "--direction", "ingress: what the address sends; egress: what it is sent. With a protocol, port or peer one of the two: ingress unless said otherwise.", "both", "both", "ingress", "egress");

    /// <summary>The target and the direction's word; a one-line <see cref="CommandException"/> when they do not fit.</summary>
    public (SlpfTarget Target, string Direction) Read(ParseResult parsed, Prefix address)
    {
        var direction = parsed.GetValue(Direction)!;
        var word = parsed.GetValue(Protocol)!;
        var (port, peer, peerPort) = (parsed.GetValue(Port), parsed.GetValue(Peer), parsed.GetValue(PeerPort));
        if (word == "any" && port is null && peer is null && peerPort is null)
        {
            return (address, direction);
        }

        L4Protocol? protocol = Enum.TryParse<L4Protocol>(word, ignoreCase: true, out var known) ? known : null;
        var leaves = direction == "egress";
        var (from, to, fromPort, toPort) = leaves ? (peer, (Prefix?)address, peerPort, port) : (address, peer, port, peerPort);
        return SlpfTarget.TryConnect(from, to, protocol, fromPort, toPort, out var target, out var fault)
            ? (target, leaves ? "egress" : "ingress")
            : throw new CommandException("usage", $"A connection of {address} {fault}; correct --protocol, --port, --peer or --peer-port.", ExitCode.Usage);
    }

    private static Option<int?> PortOption(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = result =>
        {
            if (ushort.TryParse(result.Tokens[0].Value, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var port))
            {
                return port;
            }

            result.AddError($"{name} takes a port, 0 to 65535.");
            return null;
        },
    };
}
