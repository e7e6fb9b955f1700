using EdgeSensors.EdgeAgent.Configuration;

namespace EdgeSensors.EdgeAgent.Tests;

public sealed class ConfigurationTests
{
    private static readonly Dictionary<string, string> s_none = [];

    [Fact]
    public void The_sample_is_a_valid_configuration_once_the_sensor_is_named()
    {
        Assert.True(Read(ConfigurationSample.Text(), s_none, out var configuration, out var error), error);
        Assert.Equal("/somewhere/sensor.crt", configuration!.CertificatePath);
        Assert.Equal(8883, configuration.MqttPort);
        Assert.Equal(TimeSpan.FromSeconds(10), configuration.Window);
        Assert.Null(configuration.InputFile);
    }

    [Fact]
    public void The_documented_sample_is_the_one_the_program_prints()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "EdgeSensors.sln")))
        {
            directory = directory.Parent!;
        }

        Assert.Equal(ConfigurationSample.Text(), File.ReadAllText(Path.Combine(directory.FullName, "docs", "agent.yaml")));
    }

    [Theory]
    [InlineData("sensor: isp-a/gw-1\nhub:\n  hots: x\n", "agent.yaml:3: unknown key 'hub.hots'")]
    [InlineData("sensor: isp-a/gw-1\nspeed: 1\n", "agent.yaml:2: unknown key 'speed'")]
    [InlineData("sensor: isp-a/gw-1\nhub:\n  host: h\n  mqtt_port: 70000\n", "agent.yaml:4: hub.mqtt_port takes a whole number from 1 to 65535")]
    [InlineData("sensor: isp-a/gw-1\n", "hub.host is missing")]
    [InlineData("sensor: A\nhub:\n  host: h\n", "agent.yaml:1: sensor takes operator/sensor")]
    [InlineData("sensor: [a\n", "not YAML")]
    [InlineData("sensor: isp-a/gw-1\nhub: x\n", "agent.yaml:2: hub takes keys")]
    [InlineData("sensor: isp-a/gw-1\nhub:\n  host: h\nenforce:\n  allowlist: [192.0.2.1/24]\n", "agent.yaml:5: enforce.allowlist takes prefixes")]
    public void What_is_wrong_is_said_with_its_file_and_line(string yaml, string expected)
    {
        Assert.False(Read(yaml, s_none, out _, out var error));
        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error!);
    }

    [Fact]
    public void The_environment_overrides_the_file_and_a_mistyped_variable_is_refused()
    {
        const string Yaml = "sensor: isp-a/gw-1\nhub:\n  host: h\n";
        var environment = new Dictionary<string, string> { ["EDGESENSORS__HUB__MQTT_PORT"] = "1883", ["EDGESENSORS__ENFORCE__ALLOWLIST"] = "192.0.2.0/24, 2001:db8::/32" };
        Assert.True(Read(Yaml, environment, out var configuration, out _));
        Assert.Equal(1883, configuration!.MqttPort);
        Assert.Equal(2, configuration.Limits.Allowlist.Count);
        Assert.False(Read(Yaml, new Dictionary<string, string> { ["EDGESENSORS__HUB__PORT"] = "1" }, out _, out var error));
        Assert.Contains("EDGESENSORS__HUB__PORT", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_given_for_the_file_in_it_is_called_so()
    {
        Assert.False(ConfigurationFile.TryRead(AppContext.BaseDirectory, s_none, out _, out var error));
        Assert.Contains("is a folder; give the file in it", error!.Message, StringComparison.Ordinal);
    }

    private static bool Read(string yaml, IReadOnlyDictionary<string, string> environment, out AgentConfiguration? configuration, out string? error)
    {
        var read = ConfigurationFile.TryParse(yaml, "/somewhere/agent.yaml", environment, out configuration, out var fault);
        error = fault?.Message;
        return read;
    }
}
