namespace EdgeSensors.Metering.Export;

/// <summary>Takes whole IPFIX messages (RFC 7011 §10, RFC 5655).</summary>
public interface IMessageTransport
{
    /// <summary>Whether messages can be lost on the way, so that templates must be sent again (RFC 7011 §8.4).</summary>
    bool IsLossy { get; }

    /// <summary>Most octets of the next message; at least 512.</summary>
    int MaxMessageLength { get; }

    /// <summary>Sends a message; false when it did not leave, and later ones may. What ends the transport is an <see cref="IOException"/>.</summary>
    /// <param name="message">Valid only during the call.</param>
    bool TrySend(ReadOnlySpan<byte> message);
}
