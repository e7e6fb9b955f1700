namespace EdgeSensors.Firmware.Report;

/// <summary>What makes a message unique for ever: the outbox's random epoch, and a sequence counted from 1 within it.</summary>
internal sealed class MessageHeader
{
    /// <summary>The protocol's version.</summary>
    public const int Version = 1;

    /// <summary>A new epoch.</summary>
    public MessageHeader(ulong epoch, ulong sequence)
    {
        Epoch = epoch;
        Sequence = sequence;
    }

    /// <summary>Random, new with each outbox.</summary>
    public ulong Epoch { get; }

    /// <summary>Of the next message.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Writes both, between the keys below 40,000 and the others.</summary>
    public void Write(CborWriter w)
    {
        w.Field(Keys.Version, Version);
        w.Field(Keys.Epoch, Epoch);
        w.Field(Keys.Sequence, Sequence);
    }

    /// <summary>Goes on to the next message.</summary>
    public void Advance()
    {
        Sequence++;
    }
}
