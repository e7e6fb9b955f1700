using EdgeSensors.Firmware.Report;

namespace EdgeSensors.Firmware.Link;

/// <summary>What a tap and its hub say besides reports: acknowledgements, and updates in pieces (rules <c>ack</c>, <c>fetch</c> and <c>chunk</c> of the CDDL).</summary>
internal sealed class HubMessages
{
    /// <summary>The most octets of data in a chunk.</summary>
    public const int MostData = 8192;

    /// <summary>Octets of a request.</summary>
    public const int MostRequest = 64;

    private readonly CborReader _reader = new CborReader();

    /// <summary>The epoch of an acknowledgement.</summary>
    public ulong Epoch { get; private set; }

    /// <summary>Its sequence.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>Where the chunk's hash lies.</summary>
    public int HashStart { get; private set; }

    /// <summary>The chunk's place in its file.</summary>
    public uint Offset { get; private set; }

    /// <summary>The file's whole length; 0 for no such file.</summary>
    public uint TotalLength { get; private set; }

    /// <summary>Where the chunk's data lie.</summary>
    public int DataStart { get; private set; }

    /// <summary>Their octets.</summary>
    public int DataLength { get; private set; }

    /// <summary>Reads an acknowledgement.</summary>
    public bool TryReadAck(byte[] payload, int length)
    {
        _reader.Begin(payload, length);
        int seen = 0;
        bool good = _reader.TryMap(out int entries);
        for (int i = 0; good && i < entries; i++)
        {
            good = _reader.TryKey(out long key);
            ulong value = 0;
            switch (good ? key : 0)
            {
                case Keys.Version: good = _reader.TryUInt(MessageHeader.Version, out value) && value == MessageHeader.Version; seen |= 1; break;
                case Keys.Epoch: good = _reader.TryUInt(ulong.MaxValue, out value); Epoch = value; seen |= 2; break;
                case Keys.Sequence: good = _reader.TryUInt(ulong.MaxValue, out value); Sequence = value; seen |= 4; break;
                default: good = good && _reader.TrySkip(); break;
            }
        }

        return good && seen == 7 && _reader.IsAtEnd;
    }

    /// <summary>Writes a request for a part of a file.</summary>
    public static void WriteFetch(CborWriter w, byte[] hash, int offset, int length)
    {
        w.Reset();
        w.BeginMap();
        w.Field(Keys.Version, MessageHeader.Version);
        w.Key(Keys.Hash);
        w.Bytes(hash, 0, hash.Length);
        w.Field(Keys.Offset, (ulong)offset);
        w.Field(Keys.Length, (ulong)length);
        w.EndMap();
    }

    /// <summary>Reads a part of a file.</summary>
    public bool TryReadChunk(byte[] payload, int length)
    {
        _reader.Begin(payload, length);
        int seen = 0;
        bool good = _reader.TryMap(out int entries);
        for (int i = 0; good && i < entries; i++)
        {
            good = _reader.TryKey(out long key);
            ulong value = 0;
            switch (good ? key : 0)
            {
                case Keys.Version: good = _reader.TryUInt(MessageHeader.Version, out value) && value == MessageHeader.Version; seen |= 1; break;
                case Keys.Hash: good = _reader.TryBytes(32) && _reader.BytesLength == 32; HashStart = _reader.BytesStart; seen |= 2; break;
                case Keys.Offset: good = _reader.TryUInt(uint.MaxValue, out value); Offset = (uint)value; seen |= 4; break;
                case Keys.TotalLength: good = _reader.TryUInt(uint.MaxValue, out value); TotalLength = (uint)value; seen |= 8; break;
                case Keys.Data:
                    good = _reader.TryBytes(MostData);
                    DataStart = _reader.BytesStart;
                    DataLength = _reader.BytesLength;
                    seen |= 16;
                    break;
                default: good = good && _reader.TrySkip(); break;
            }
        }

        return good && seen == 31 && _reader.IsAtEnd;
    }
}
