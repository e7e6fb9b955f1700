using Microsoft.AspNetCore.Connections;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Server;

namespace EdgeSensors.Hub.Inbox;

/// <summary>Hands the TLS connections that Kestrel accepts to the broker; Kestrel bounds their number and the time of their handshake.</summary>
internal sealed class BrokerEndpoint : ConnectionHandler, IMqttServerAdapter
{
    private MqttServerOptions? _options;

    public Func<IMqttChannelAdapter, Task>? ClientHandler { get; set; }

    public override async Task OnConnectedAsync(ConnectionContext connection)
    {
        if (ClientHandler is { } handle && _options is { } options)
        {
            using var channel = new SensorChannel(
                connection, new MqttPacketFormatterAdapter(new MqttBufferWriter(options.WriterBufferSize, options.WriterBufferSizeMax)));
            await handle(channel);
        }
    }

    public Task StartAsync(MqttServerOptions options, IMqttNetLogger logger)
    {
        _options = options;
        return Task.CompletedTask;
    }

    public Task StopAsync() => Task.CompletedTask;

    public void Dispose()
    {
    }
}
