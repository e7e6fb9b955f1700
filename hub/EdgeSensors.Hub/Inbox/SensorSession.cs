using EdgeSensors.Protocol;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using MQTTnet.Server;

namespace EdgeSensors.Hub.Inbox;

/// <summary>A connected sensor, as the broker's session items hold it.</summary>
internal sealed class SensorSession(SensorName sensor, MqttProtocolVersion version)
{
    private volatile MqttSessionStatus? _status;

    public SensorName Sensor { get; } = sensor;

    public MqttProtocolVersion Version { get; } = version;

    /// <summary>Whether it subscribed to its acknowledgements.</summary>
    public bool WantsAck { get; set; }

    public MqttSessionStatus? Status
    {
        get => _status;
        set => _status = value;
    }

    /// <summary>Queues a message to this sensor alone. The broker keeps few and drops the oldest; the next acknowledgement says all that the lost one said.</summary>
    public void Send(Channel channel, byte[] payload) => Status?.TryEnqueueApplicationMessage(
        new MqttApplicationMessageBuilder()
            .WithTopic(Topics.Of(Sensor, channel))
            .WithPayload(payload)
            .WithQualityOfServiceLevel(channel == Channel.Ack ? MqttQualityOfServiceLevel.AtMostOnce : MqttQualityOfServiceLevel.AtLeastOnce)
            .Build(),
        out _);
}
