using CsCheck;

namespace EdgeSensors.Protocol.Tests;

/// <summary>DESIGN §5, Names.</summary>
public class NameTests
{
    [Theory]
    [InlineData("isp-a", true)]
    [InlineData("ab", false)]
    [InlineData("Isp", false)]
    [InlineData("-isp", false)]
    [InlineData("isp-", false)]
    [InlineData("is/p", false)]
    [InlineData("isp+", false)]
    public void An_id_is_a_lower_case_dns_label_of_3_to_63_characters(string text, bool valid)
    {
        Assert.Equal(valid, OperatorId.TryParse(text, out _));
        Assert.Equal(valid, SensorId.TryParse(text, out _));
    }

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.0/24")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("192.0.2.1/32", "192.0.2.1")]
    [InlineData("0.0.0.0/0", "0.0.0.0/0")]
    [InlineData("2001:DB8:0::/32", "2001:db8::/32")]
    [InlineData("::/0", "::/0")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    public void A_prefix_is_read_and_written_as_RFC_5952_text(string text, string canonical) => Assert.Equal(canonical, Prefix.Parse(text).ToString());

    [Theory]
    [InlineData("192.0.2.1/24")]
    [InlineData("192.0.2/24")]
    [InlineData("1")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("192.0.2.0/33")]
    [InlineData("192.0.2.0/-1")]
    [InlineData("192.0.2.0/024")]
    [InlineData("192.0.2.0/")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("")]
    [InlineData("example.net")]
    public void What_is_no_prefix_is_refused(string text) => Assert.False(Prefix.TryParse(text, out _));

    [Fact]
    public void A_prefix_contains_just_the_addresses_that_share_its_bits() =>
        Gen.Select(Gen.Byte.Array[4], Gen.Int[0, 32], Gen.Byte.Array[4]).Sample((a, length, b) =>
        {
            var same = Enumerable.Range(0, length).All(i => (a[i / 8] >> (7 - i % 8) & 1) == (b[i / 8] >> (7 - i % 8) & 1));
            Assert.Equal(same, Prefix.Of(a, length).Contains(b));
            Assert.Equal(Prefix.Of(a, length), Prefix.Parse(Prefix.Of(a, length).ToString()));
        });

    [Theory]
    [InlineData(Channel.Report, "edgesensors/1/isp-a/gw-1/report")]
    [InlineData(Channel.Ack, "edgesensors/1/isp-a/gw-1/ack")]
    public void A_topic_names_operator_sensor_and_channel(Channel channel, string topic)
    {
        Assert.True(SensorName.TryParse("isp-a/gw-1", out var sensor));
        Assert.Equal(topic, Topics.Of(sensor, channel));
        Assert.True(Topics.TryParse(topic, out var sensorAgain, out var channelAgain));
        Assert.Equal((sensor, channel), (sensorAgain, channelAgain));
    }

    [Theory]
    [InlineData("edgesensors/1/isp-a/gw-1/reports")]
    [InlineData("edgesensors/1/isp-a/report")]
    [InlineData("edgesensors/1/isp-a/gw-1/x/report")]
    [InlineData("edgesensors/2/isp-a/gw-1/report")]
    [InlineData("edgesensors/1//gw-1/report")]
    public void Any_other_topic_is_refused(string topic) => Assert.False(Topics.TryParse(topic, out _, out _));

    [Fact]
    public void The_will_is_the_cbor_text_offline() => Assert.Equal("goffline"u8, Topics.OfflineWill.Span);
}
