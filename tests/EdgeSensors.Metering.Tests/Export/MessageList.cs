using EdgeSensors.Metering.Export;

namespace EdgeSensors.Metering.Tests.Export;

/// <summary>Keeps the messages that an exporter sends.</summary>
internal sealed class MessageList : IMessageTransport
{
    public List<byte[]> Messages { get; } = [];

    public bool IsLossy { get; set; } = true;

    public int MaxMessageLength { get; set; } = 1400;

    /// <summary>Whether a message leaves, by its number from 0; all do where null.</summary>
    public Func<int, bool>? Leaves { get; set; }

    public int Offered { get; private set; }

    public bool TrySend(ReadOnlySpan<byte> message)
    {
        Assert.InRange(message.Length, 17, MaxMessageLength);
        if (Leaves is not null && !Leaves(Offered++))
            return false;
        Messages.Add(message.ToArray());
        return true;
    }
}
