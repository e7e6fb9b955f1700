namespace EdgeSensors.Metering.Decode;

/// <summary>Which ICMP messages ask, answer or report an error (IANA "ICMP Type Numbers" and "ICMPv6 type Numbers").</summary>
public static class IcmpTypes
{
    /// <summary>Whether the message is a query or its answer, and so has an identifier.</summary>
    /// <param name="ipVersion">4 or 6.</param>
    /// <param name="type">The message's type.</param>
    public static bool IsQuery(int ipVersion, byte type) => ipVersion == 4
        ? type is 0 or 8 or 13 or 14 or 15 or 16 or 17 or 18 or 42 or 43
        : type is 128 or 129 or 160 or 161;

    /// <summary>Whether the message reports an error and quotes the packet that caused it.</summary>
    /// <param name="ipVersion">4 or 6.</param>
    /// <param name="type">The message's type.</param>
    public static bool IsError(int ipVersion, byte type) => ipVersion == 4
        ? type is 3 or 4 or 5 or 11 or 12
        : type is >= 1 and <= 4;

    /// <summary>
    /// The type under which a query and its answer meet: the query's. Solicitations and advertisements meet too (RFC 1256, RFC 4861).
    /// Any other type is its own.
    /// </summary>
    /// <param name="ipVersion">4 or 6.</param>
    /// <param name="type">The message's type.</param>
    public static byte Conversation(int ipVersion, byte type)
    {
        int query = ipVersion == 4
            ? type switch
            {
                0 => 8,
                9 => 10,
                14 => 13,
                16 => 15,
                18 => 17,
                43 => 42,
                _ => type,
            }
            : type switch
            {
                129 => 128,
                134 => 133,
                136 => 135,
                161 => 160,
                _ => type,
            };
        return (byte)query;
    }
}
