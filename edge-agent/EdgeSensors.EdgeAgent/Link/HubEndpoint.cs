using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Link;

/// <summary>Whom to speak with, as whom.</summary>
/// <param name="Host">The hub's DNS name or address; its certificate must be for it.</param>
/// <param name="MqttPort">MQTT over TLS.</param>
/// <param name="Sensor">This sensor: client id and topics.</param>
/// <param name="Certificate">The sensor's certificate with its key.</param>
/// <param name="Authorities">The only authorities that the hub's certificate may come from.</param>
internal sealed record HubEndpoint(string Host, int MqttPort, SensorName Sensor, X509Certificate2 Certificate, X509Certificate2Collection Authorities);
