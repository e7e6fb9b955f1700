using EdgeSensors.EdgeAgent.Enforce.Bgp.Api;
using Google.Protobuf.WellKnownTypes;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>The components of a flow specification, in the order of their types (RFC 8955, 4.2.2; for IPv6 RFC 8956, 3).</summary>
internal static class BgpComponents
{
    private const uint DestinationPrefix = 1;
    private const uint SourcePrefix = 2;
    private const uint Protocol = 3;
    private const uint DestinationPort = 5;
    private const uint SourcePort = 6;

    // RFC 8955, 4.2.1.1: the last of the list, and equal. The daemon adds how long the value is.
    private const uint Equal = 0x81;
    private const uint ValueLength = 0x30;

    /// <summary>Writes them.</summary>
    public static IEnumerable<Any> Of(PacketMatch match)
    {
        foreach (var (type, prefix) in new[] { (DestinationPrefix, match.Destination), (SourcePrefix, match.Source) })
        {
            if (prefix is { } named)
            {
                yield return Any.Pack(new FlowSpecIPPrefix { Type = type, Prefix = named.Address.ToString(), PrefixLen = (uint)named.Length });
            }
        }

        foreach (var (type, value) in new (uint, uint?)[] { (Protocol, match.Protocol), (DestinationPort, match.DestinationPort), (SourcePort, match.SourcePort) })
        {
            if (value is { } number)
            {
                yield return Any.Pack(new FlowSpecComponent { Type = type, Items = { new FlowSpecComponentItem { Op = Equal, Value = number } } });
            }
        }
    }

    /// <summary>Reads them; false where there is one that no rule makes.</summary>
    public static bool TryRead(IEnumerable<Any> components, out PacketMatch match)
    {
        match = default;
        foreach (var component in components)
        {
            if (BgpPath.TryUnpack<FlowSpecIPPrefix>(component, out var address))
            {
                if (!BgpPath.TryPrefix(address.Prefix, address.PrefixLen, out var prefix) || address.Offset != 0)
                {
                    return false;
                }

                match = address.Type switch
                {
                    DestinationPrefix => match with { Destination = prefix },
                    SourcePrefix => match with { Source = prefix },
                    _ => default,
                };
            }
            else if (BgpPath.TryUnpack<FlowSpecComponent>(component, out var number) && number.Items is [{ Value: <= ushort.MaxValue } item] && (item.Op & ~ValueLength) == Equal)
            {
                match = number.Type switch
                {
                    Protocol when item.Value <= byte.MaxValue => match with { Protocol = (byte)item.Value },
                    DestinationPort => match with { DestinationPort = (ushort)item.Value },
                    SourcePort => match with { SourcePort = (ushort)item.Value },
                    _ => default,
                };
            }
            else
            {
                return false;
            }

            if (match == default)
            {
                return false;
            }
        }

        return (match.Source ?? match.Destination) is not null;
    }
}
