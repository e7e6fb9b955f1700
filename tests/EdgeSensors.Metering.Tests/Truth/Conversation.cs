using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Truth;

/// <summary>A conversation as every tool can name it: protocol, two endpoints in a fixed order, and (0 where a tool does not say) the VLAN.</summary>
internal readonly record struct ConversationKey(int Protocol, string AddressA, int PortA, string AddressB, int PortB, int Vlan)
{
    /// <summary>Orders the endpoints, and says whether the first one given is A.</summary>
    public static (ConversationKey Key, bool FirstIsA) Of(int protocol, string address1, int port1, string address2, int port2, int vlan)
    {
        var order = string.CompareOrdinal(address1, address2);
        var firstIsA = order < 0 || (order == 0 && port1 <= port2);
        return firstIsA
            ? (new ConversationKey(protocol, address1, port1, address2, port2, vlan), true)
            : (new ConversationKey(protocol, address2, port2, address1, port1, vlan), false);
    }
}

/// <summary>Packets and octets from A to B and back.</summary>
internal readonly record struct Volume(long PacketsAB, long OctetsAB, long PacketsBA, long OctetsBA)
{
    public static Volume operator +(Volume x, Volume y) =>
        new(x.PacketsAB + y.PacketsAB, x.OctetsAB + y.OctetsAB, x.PacketsBA + y.PacketsBA, x.OctetsBA + y.OctetsBA);

    public static Volume operator -(Volume x, Volume y) =>
        new(x.PacketsAB - y.PacketsAB, x.OctetsAB - y.OctetsAB, x.PacketsBA - y.PacketsBA, x.OctetsBA - y.OctetsBA);

    public static Volume Of(bool forwardIsAB, long packets, long octets, long reversePackets, long reverseOctets) => forwardIsAB
        ? new Volume(packets, octets, reversePackets, reverseOctets)
        : new Volume(reversePackets, reverseOctets, packets, octets);

    public override string ToString() => $"{PacketsAB}/{OctetsAB} {PacketsBA}/{OctetsBA}";
}

/// <summary>What one tool says of one conversation.</summary>
internal sealed class Conversation
{
    /// <summary>Flow records that make it up.</summary>
    public int Records { get; set; }

    public Volume Volume { get; set; }

    public bool InitiatorIsA { get; set; }

    /// <summary>The first record's tunnel tag, where the tool gives one.</summary>
    public string Tunnel { get; set; } = "";
}

/// <summary>Sums biflows by conversation.</summary>
/// <param name="portsOf">Whether a protocol's ports tell conversations apart for the other tool.</param>
/// <param name="withVlan">Whether VLANs do.</param>
/// <param name="spelling">How the other tool spells an address; as we do where it is null.</param>
internal sealed class ConversationSum(Func<BiflowRecord, (int Source, int Destination)> portsOf, bool withVlan, Func<string, string>? spelling = null) : IBiflowConsumer
{
    public Dictionary<ConversationKey, Conversation> Conversations { get; } = [];

    public void OnBiflow(ref readonly BiflowRecord record)
    {
        var key = KeyOf(in record, out var forwardIsAB);
        if (!Conversations.TryGetValue(key, out var conversation))
            Conversations[key] = conversation = new Conversation { InitiatorIsA = forwardIsAB };
        conversation.Records++;
        conversation.Volume += Volume.Of(forwardIsAB, record.Forward.PacketCount, record.Forward.OctetCount, record.Reverse.PacketCount, record.Reverse.OctetCount);
    }

    public ConversationKey KeyOf(ref readonly BiflowRecord record, out bool forwardIsAB)
    {
        var (source, destination) = portsOf(record);
        (var key, forwardIsAB) = ConversationKey.Of(
            (int)record.Protocol, Spell(record.Source.ToString()), source, Spell(record.Destination.ToString()), destination, withVlan ? record.VlanId : 0);
        return key;
    }

    private string Spell(string address) => spelling is null ? address : spelling(address);
}
