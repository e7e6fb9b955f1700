using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.EdgeAgent.Input;

/// <summary>
/// How far the input is committed; stored in the outbox with the messages that came of it. A capture file is resumed by reading it again from its start in silence: with the same
/// seed the same packets bring forth the same windows and findings, so that these counts say what was told already, flows that were open at the kill included.
/// </summary>
internal sealed record Checkpoint
{
    private const byte Version = 1;
    private const int FixedOctets = 26;

    /// <summary>Keys every hash of this installation; secret, and as old as the outbox.</summary>
    public required ulong Seed { get; init; }

    /// <summary>Names the capture file by its contents; empty for an interface.</summary>
    public string Input { get; init; } = "";

    /// <summary>Windows of the file whose reports are in the outbox.</summary>
    public long Windows { get; init; }

    /// <summary>Findings in the file whose alerts are, or were not to be told.</summary>
    public long Findings { get; init; }

    /// <summary>An interface's window is open: if this is found at a start, what it held is lost.</summary>
    public bool WindowOpen { get; init; }

    /// <summary>Reads what <see cref="Encode"/> made; makes a new one of nothing or of another version.</summary>
    public static Checkpoint Read(byte[]? octets)
    {
        if (octets is null || octets.Length < FixedOctets || octets[0] != Version)
        {
            return new Checkpoint { Seed = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8)) };
        }

        return new Checkpoint
        {
            WindowOpen = octets[1] != 0,
            Seed = BinaryPrimitives.ReadUInt64LittleEndian(octets.AsSpan(2)),
            Windows = BinaryPrimitives.ReadInt64LittleEndian(octets.AsSpan(10)),
            Findings = BinaryPrimitives.ReadInt64LittleEndian(octets.AsSpan(18)),
            Input = Encoding.ASCII.GetString(octets.AsSpan(FixedOctets)),
        };
    }

    /// <summary>The octets that are stored.</summary>
    public byte[] Encode()
    {
        var octets = new byte[FixedOctets + Encoding.ASCII.GetByteCount(Input)];
        octets[0] = Version;
        octets[1] = WindowOpen ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt64LittleEndian(octets.AsSpan(2), Seed);
        BinaryPrimitives.WriteInt64LittleEndian(octets.AsSpan(10), Windows);
        BinaryPrimitives.WriteInt64LittleEndian(octets.AsSpan(18), Findings);
        Encoding.ASCII.GetBytes(Input, octets.AsSpan(FixedOctets));
        return octets;
    }

    /// <summary>This, for an input: its own counts if it is the one that was read before, none if it is another.</summary>
    public Checkpoint For(string input) => Input == input ? this : this with { Input = input, Windows = 0, Findings = 0 };
}
