namespace EdgeSensors.Protocol.Encoding;

/// <summary>The three fields that every message from a sensor begins with.</summary>
internal struct HeaderFields
{
    private ulong? _epoch;
    private ulong? _sequence;
    private bool _hasVersion;

    public bool TryField(MessageReader reader, int key)
    {
        switch (key)
        {
            case Keys.Version:
                if (reader.UInt() is < ProtocolVersion.Oldest or > ProtocolVersion.Current)
                {
                    throw new FieldException(ProtocolErrorKind.UnsupportedVersion, "a version of the protocol that is not spoken here");
                }

                _hasVersion = true;
                return true;
            case Keys.Epoch: _epoch = reader.UInt(); return true;
            case Keys.Sequence: _sequence = reader.UInt(); return true;
            default: return false;
        }
    }

    public readonly MessageId ToId()
    {
        if (!_hasVersion)
        {
            throw new FieldException(ProtocolErrorKind.MissingField, "version is missing");
        }

        var sequence = FieldException.Required(_sequence, "sequence");
        return sequence > 0
            ? new MessageId(FieldException.Required(_epoch, "epoch"), sequence)
            : throw new FieldException(ProtocolErrorKind.InvalidField, "sequence 0; the first is 1");
    }
}
