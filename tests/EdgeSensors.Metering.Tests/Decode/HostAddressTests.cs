using System.Net;
using CsCheck;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Tests.Decode;

public class HostAddressTests
{
    /// <summary>The cases of RFC 5952 §4.</summary>
    [Theory]
    [InlineData("2001:0db8::0001", "2001:db8::1")]
    [InlineData("2001:db8:0:0:0:0:2:1", "2001:db8::2:1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("2001:DB8::AAAA", "2001:db8::aaaa")]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("1::", "1::")]
    [InlineData("0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7")]
    [InlineData("192.0.2.255", "192.0.2.255")]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    public void Addresses_are_written_as_RFC_5952_says(string text, string canonical) =>
        Assert.Equal(canonical, HostAddress.From(IPAddress.Parse(text)).ToString());

    [Fact]
    public void Any_address_reads_back_from_its_text_and_its_octets() => Gen.Select(Gen.ULong, Gen.ULong, Gen.Int[0, 7], Gen.Int[0, 7]).Sample((high, low, from, to) =>
    {
        var octets = new byte[16];
        new HostAddress(high, low).WriteOctets(octets);
        for (var group = from; group <= to; group++)
            octets[2 * group] = octets[(2 * group) + 1] = 0;
        var address = HostAddress.FromIPv6(octets);
        Assert.Equal(address, HostAddress.From(IPAddress.Parse(address.ToString())));
        Assert.Equal(address, HostAddress.From(address.ToIPAddress()));
    });
}
