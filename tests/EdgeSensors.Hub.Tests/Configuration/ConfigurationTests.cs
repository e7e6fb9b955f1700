using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Configuration;

public class ConfigurationTests
{
    [Fact]
    public void What_init_writes_is_read_and_says_what_leaving_it_out_would()
    {
        var written = Read(ConfigurationTemplate.Write("0.0.0.0", "localhost", 8883, 8443, "/hub-offline", [new Uri("http://oversight.example:8550/")], "propose", []));
        var empty = Read("");
        Assert.Equal(empty.Listen, written.Listen);
        Assert.Equal(empty.Tls, written.Tls);
        Assert.Equal(empty.Trust, written.Trust);
        Assert.Equal(empty.Transparency.Folder, written.Transparency.Folder);
        Assert.Equal("http://oversight.example:8550/", Assert.Single(written.Transparency.Witnesses).AbsoluteUri);
        Assert.Equal(empty.Inbox, written.Inbox);
        Assert.Equal(empty.Store, written.Store);
        Assert.Equal(empty.Policy, written.Policy with { Never = empty.Policy.Never });
        Assert.Equal("/hub/repository", written.Trust.Repository);
    }

    [Theory]
    [InlineData("manual", false, false)]
    [InlineData("propose", true, false)]
    [InlineData("approve", true, true)]
    public void The_policy_that_init_was_asked_for_is_the_policy(string policy, bool propose, bool approve)
    {
        var read = Read(ConfigurationTemplate.Write("::1", "hub.example", 1, 2, "/o", [], policy, [Prefix.Parse("192.0.2.0/24"), Prefix.Parse("2001:db8::/32")]));
        Assert.Equal((propose, approve), (read.Policy.Propose, read.Policy.Approve));
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32"], read.Policy.Never.Select(p => p.ToString()));
    }

    [Theory]
    [InlineData("listen:\n  mqtt_prot: 1\n", "/hub/hub.yaml:2: unknown key listen.mqtt_prot")]
    [InlineData("lisen:\n  mqtt_port: 1\n", "/hub/hub.yaml:2: unknown key lisen.mqtt_port")]
    [InlineData("listen:\n  mqtt_port: 70000\n", "/hub/hub.yaml:2: listen.mqtt_port is '70000'; it must be a whole number from 1 to 65535")]
    [InlineData("listen:\n  address: here\n", "/hub/hub.yaml:2: listen.address is 'here'")]
    [InlineData("policy:\n\n  step: shout\n", "/hub/hub.yaml:3: policy.step is 'shout'; it must be one of observe, rate-limit, drop")]
    [InlineData("policy:\n  never: [\"10.0.0.1/8\"]\n", "/hub/hub.yaml:2: policy.never holds '10.0.0.1/8'")]
    [InlineData("policy:\n  approve: yes\n", "/hub/hub.yaml:2: policy.approve is 'yes'; it must be true or false")]
    [InlineData("policy: [\n", "/hub/hub.yaml:")]
    [InlineData("policy: 3\n", "/hub/hub.yaml:1: policy is no section")]
    [InlineData("just text", "/hub/hub.yaml:1: the file must hold sections")]
    [InlineData("policy:\n  step: drop\n  step: drop\n", "/hub/hub.yaml:")]
    public void What_is_wrong_is_named_with_its_line(string yaml, string beginning)
    {
        var fault = Assert.Throws<ConfigurationException>(() => Read(yaml));
        Assert.StartsWith(beginning, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_environment_overrides_a_key_and_may_not_name_one_that_is_not_there()
    {
        Assert.Equal(99, Read("listen:\n  mqtt_port: 1\n", ("EDGESENSORS__LISTEN__MQTT_PORT", "99")).Listen.MqttPort);
        Assert.Equal(2, Read("", ("EDGESENSORS__POLICY__NEVER", "192.0.2.1, 2001:db8::/32")).Policy.Never.Count);
        var fault = Assert.Throws<ConfigurationException>(() => Read("", ("EDGESENSORS__LISTEN__PORT", "99")));
        Assert.Contains("EDGESENSORS__LISTEN__PORT", fault.Message, StringComparison.Ordinal);

        // What is wrong there is not looked for in the file.
        fault = Assert.Throws<ConfigurationException>(() => Read("listen:\n  mqtt_port: 1\n", ("EDGESENSORS__LISTEN__MQTT_PORT", "x")));
        Assert.StartsWith("Environment variable EDGESENSORS__LISTEN__MQTT_PORT is 'x'", fault.Message, StringComparison.Ordinal);
    }

    private static HubConfiguration Read(string yaml, params (string Name, string Value)[] environment)
    {
        using var reader = new StringReader(yaml);
        return ConfigurationFile.Read("/hub/hub.yaml", reader, environment.Select(e => KeyValuePair.Create(e.Name, e.Value)));
    }
}
