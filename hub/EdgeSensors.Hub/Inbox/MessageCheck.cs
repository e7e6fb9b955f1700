using System.Formats.Cbor;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Inbox;

/// <summary>Looks at a payload before it is committed: its number, and whether it is a message at all.</summary>
internal static class MessageCheck
{
    // Protocol schema, common header: epoch and sequence.
    private const int EpochKey = 40_001;
    private const int SequenceKey = 40_002;

    /// <summary>The message's number and, where it is not a message of its channel, why; null when not even a number can be read.</summary>
    public static (MessageId Id, string? Rejection)? Read(Channel channel, ReadOnlyMemory<byte> payload)
    {
        var max = Topics.MaxPayloadOctets(channel);
        if (payload.Length > max)
        {
            return TryReadId(payload) is { } id ? (id, $"{payload.Length} octets, more than the {max} of its topic") : null;
        }

        var (decoded, error) = Decode(channel, payload);
        if (decoded is { } number)
        {
            return (number, number.Sequence is 0 or > long.MaxValue ? "its sequence number is out of range" : null);
        }

        return TryReadId(payload) is { } readable ? (readable, error.ToString()) : null;
    }

    private static (MessageId? Id, ProtocolError Error) Decode(Channel channel, ReadOnlyMemory<byte> payload)
    {
        ProtocolError error;
        return channel switch
        {
            Channel.Report => (ReportCodec.TryDecode(payload, out var report, out error) ? report!.Id : null, error),
            Channel.Alert => (AlertCodec.TryDecode(payload, out var alert, out error) ? alert!.Id : null, error),
            Channel.Receipt => (ReceiptCodec.TryDecode(payload, out var receipt, out error) ? receipt!.Id : null, error),
            Channel.Status => (StatusCodec.TryDecode(payload, out var status, out error) ? status!.Id : null, error),
            _ => throw new ArgumentOutOfRangeException(nameof(channel)),
        };
    }

    private static MessageId? TryReadId(ReadOnlyMemory<byte> payload)
    {
        ulong? epoch = null, sequence = null;
        try
        {
            var cbor = new CborReader(payload, CborConformanceMode.Lax);
            var count = cbor.ReadStartMap() ?? int.MaxValue;
            for (var i = 0; i < count && (epoch is null || sequence is null) && cbor.PeekState() != CborReaderState.EndMap; i++)
            {
                switch (cbor.ReadInt64())
                {
                    case EpochKey: epoch = cbor.ReadUInt64(); break;
                    case SequenceKey: sequence = cbor.ReadUInt64(); break;
                    default: cbor.SkipValue(); break;
                }
            }
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            // What could be read until here counts.
        }

        return epoch is { } e2 && sequence is > 0 and <= long.MaxValue ? new MessageId(e2, sequence.Value) : null;
    }
}
