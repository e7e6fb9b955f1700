using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Traffic;

/// <summary>The protected network of a run: given, or derived from who answers whom.</summary>
internal sealed class InsideNetwork
{
    /// <summary>More exact prefixes than this, and the neighbourhoods without an outside address are taken whole.</summary>
    private const int ManyPrefixes = 256;

    private const int MostPrefixes = 4096;

    private readonly Prefix[] _prefixes;

    private InsideNetwork(IEnumerable<Prefix> prefixes, string rule)
    {
        _prefixes = [.. prefixes.Order()];
        Rule = rule;
    }

    /// <summary>The rule of <see cref="TryDerive"/>, as people read it.</summary>
    public const string DerivationRule =
        "an address is inside when it answers in more conversations than it opens (the first packet's sender opens; a tie goes to who receives more packets than it sends)";

    /// <summary>At least one.</summary>
    public IReadOnlyList<Prefix> Prefixes => _prefixes;

    /// <summary>How it was come by.</summary>
    public string Rule { get; }

    /// <summary>The network that was named on the command line.</summary>
    public static InsideNetwork Given(IEnumerable<Prefix> prefixes) => new(prefixes, "given with --inside");

    /// <summary>Derives it by <see cref="DerivationRule"/>; false with one line of why where nothing is inside.</summary>
    public static bool TryDerive(Trace trace, out InsideNetwork? network, out string? error)
    {
        var roles = new Dictionary<HostAddress, Role>();
        var seen = new HashSet<ConversationKey>();
        foreach (var packet in trace.Packets)
        {
            var opens = seen.Add(packet.Conversation);
            var sender = roles.GetValueOrDefault(packet.Source);
            var receiver = roles.GetValueOrDefault(packet.Destination);
            roles[packet.Source] = sender with { Opened = sender.Opened + (opens ? 1 : 0), Sent = sender.Sent + 1 };
            roles[packet.Destination] = receiver with { Answered = receiver.Answered + (opens ? 1 : 0), Received = receiver.Received + 1 };
        }

        var insiders = roles.Where(r => r.Value.IsInside).Select(r => r.Key).ToList();
        var outsiders = roles.Where(r => !r.Value.IsInside).Select(r => r.Key).ToList();
        var prefixes = PrefixCover.Exact(insiders);
        if (prefixes.Count > ManyPrefixes)
        {
            prefixes = PrefixCover.ByNeighbourhood(insiders, outsiders);
        }

        error = prefixes.Count == 0 ? "no address answers more than it opens, so no inside network can be told; name it with --inside PREFIX"
            : prefixes.Count > MostPrefixes ? $"the inside network would need {prefixes.Count} prefixes; name it with --inside PREFIX"
            : null;
        network = error is null ? new InsideNetwork(prefixes, DerivationRule) : null;
        return error is null;
    }

    /// <summary>Whether an address lies inside.</summary>
    public bool Contains(HostAddress address)
    {
        Span<byte> octets = stackalloc byte[16];
        octets = octets[..address.WriteOctets(octets)];
        foreach (var prefix in _prefixes)
        {
            if (prefix.Contains(octets))
            {
                return true;
            }
        }

        return false;
    }

    private readonly record struct Role(int Opened, int Answered, int Sent, int Received)
    {
        public bool IsInside => Answered > Opened || (Answered == Opened && Received > Sent);
    }
}
