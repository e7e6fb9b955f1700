using MQTTnet.Diagnostics.Logger;

namespace EdgeSensors.Hub.Inbox;

/// <summary>The broker library's own diagnostics, at debug level: clients that go away are no news.</summary>
internal sealed class BrokerDiagnostics(ILogger logger) : IMqttNetLogger
{
    public bool IsEnabled => logger.IsEnabled(LogLevel.Debug);

    public void Publish(MqttNetLogLevel logLevel, string source, string message, object[] parameters, Exception exception)
    {
        if (logLevel >= MqttNetLogLevel.Warning && IsEnabled)
        {
            logger.Broker(exception, parameters is { Length: > 0 } ? string.Format(System.Globalization.CultureInfo.InvariantCulture, message, parameters) : message);
        }
    }
}
