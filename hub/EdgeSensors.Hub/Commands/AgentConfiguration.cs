using EdgeSensors.Hub.Configuration;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary>The <c>agent.yaml</c> of an enrolment: who the sensor is and where its hub is. The agent documents the other keys.</summary>
internal static class AgentConfiguration
{
    public static string Write(SensorName name, ListenSettings listen) => $"""
        # edgesensors-agent, enrolled as {name}. Paths start at this file's folder.

        sensor: {name}

        hub:
          host: "{listen.Host}"
          mqtt_port: {listen.MqttPort}
          https_port: {listen.HttpsPort}

        identity:
          certificate: sensor.crt
          key: sensor.key
          ca: ca.crt
          root: root.json
          sealing_key: hpke.key

        state:
          directory: state

        """;
}
