using System;
using System.Collections;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using EdgeSensors.Firmware.Run;
using nanoFramework.M2Mqtt;
using nanoFramework.M2Mqtt.Messages;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>
/// The way to the hub by M2Mqtt. Connecting waits for the TLS handshake, so a thread of its own does it; what comes is put into a queue by the library's
/// thread and taken out by the program's loop.
/// </summary>
internal sealed class M2MqttHubLink : IHubLink
{
    private const ushort KeepAliveSeconds = 60;
    private const int MostReceived = 8;

    private readonly TapIdentity _identity;
    private readonly X509Certificate _authority;
    private readonly X509Certificate2 _certificate;
    private readonly string[] _topics = new string[(int)HubTopic.Timestamp + 1];
    private readonly Queue _received = new Queue();
    private MqttClient? _client;
    private bool _subscribed;
    private bool _connecting;

    /// <summary>A link with an enrolment.</summary>
    public M2MqttHubLink(TapIdentity identity)
    {
        _identity = identity;
        _authority = new X509Certificate(identity.Authority);
        _certificate = new X509Certificate2(identity.Certificate, identity.CertificateKey, "");
        for (int i = 0; i < _topics.Length; i++)
        {
            _topics[i] = HubTopics.Of(identity.Operator, identity.Sensor, (HubTopic)i);
        }
    }

    /// <inheritdoc/>
    public bool IsConnected => _subscribed && _client != null && _client.IsConnected;

    /// <inheritdoc/>
    public bool IsConnecting => _connecting;

    /// <inheritdoc/>
    public void BeginConnect()
    {
        _subscribed = false;
        _connecting = true;
        new Thread(Connect).Start();
    }

    /// <inheritdoc/>
    public void Disconnect()
    {
        _subscribed = false;
        MqttClient? client = _client;
        _client = null;
        if (client != null)
        {
            try
            {
                client.Close();
            }
            catch (Exception)
            {
                // It was to end, and it has.
            }
        }
    }

    /// <inheritdoc/>
    public bool TryPublish(HubTopic topic, byte[] payload, int length)
    {
        MqttClient? client = _client;
        if (!IsConnected || client == null)
        {
            return false;
        }

        byte[] octets = new byte[length];
        Array.Copy(payload, 0, octets, 0, length);
        try
        {
            client.Publish(_topics[(int)topic], octets, null, null, MqttQoSLevel.AtLeastOnce, topic == HubTopic.Status);
            return true;
        }
        catch (Exception)
        {
            Disconnect(); // what is in the outbox goes again later
            return false;
        }
    }

    /// <inheritdoc/>
    public bool TryReceive(out HubTopic topic, out byte[] payload)
    {
        lock (_received)
        {
            if (_received.Count > 0)
            {
                MqttMsgPublishEventArgs message = (MqttMsgPublishEventArgs)_received.Dequeue();
                for (int i = (int)HubTopic.Ack; i < _topics.Length; i++)
                {
                    if (_topics[i] == message.Topic)
                    {
                        topic = (HubTopic)i;
                        payload = message.Message;
                        return true;
                    }
                }
            }
        }

        topic = HubTopic.Status;
        payload = new byte[0];
        return false;
    }

    private void Connect()
    {
        try
        {
            MqttClient client = new MqttClient(_identity.Host, _identity.Port, true, _authority, _certificate, MqttSslProtocols.TLSv1_2);
            client.ProtocolVersion = MqttProtocolVersion.Version_3_1_1;
            client.MqttMsgPublishReceived += OnReceived;
            lock (_received)
            {
                _received.Clear();
            }

            MqttReasonCode code = client.Connect(
                _identity.Operator + "/" + _identity.Sensor, null, null, true, MqttQoSLevel.AtLeastOnce, true, _topics[(int)HubTopic.Status], HubTopics.Will, true,
                KeepAliveSeconds);
            if (code == MqttReasonCode.Success)
            {
                _client = client;
                string[] topics = { _topics[(int)HubTopic.Ack], _topics[(int)HubTopic.Chunk], _topics[(int)HubTopic.Timestamp] };
                MqttQoSLevel[] levels = { MqttQoSLevel.AtMostOnce, MqttQoSLevel.AtLeastOnce, MqttQoSLevel.AtLeastOnce };
                client.Subscribe(topics, levels);
                _subscribed = true;
            }
            else
            {
                client.Close();
            }
        }
        catch (Exception)
        {
            // The library and the TLS layer have no common base for what may go wrong: all of it means "not connected".
        }

        _connecting = false;
    }

    private void OnReceived(object sender, MqttMsgPublishEventArgs e)
    {
        lock (_received)
        {
            if (_received.Count < MostReceived)
            {
                _received.Enqueue(e); // one that is lost is asked for again, or said again
            }
        }
    }
}
