using System.Buffers.Binary;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>
/// Which of several sockets on one port gets a datagram: by the sender's address alone. The kernel's own choice goes by address and port, which would part the line cards of one
/// exporter that share templates; by address all that an exporter says reaches one thread, which so needs no lock and sees the exporter whole.
/// </summary>
internal static class SourceSteering
{
    private const uint Multiplier = 0x9E37_79B1;

    /// <summary>The kernel's program (SO_ATTACH_REUSEPORT_CBPF, socket(7)): returns the socket's number in the order in which they were bound.</summary>
    /// <param name="sockets">How many there are.</param>
    public static BpfInstruction[] Program(int sockets)
    {
        const uint Net = BpfOpcode.NetworkBase;
        return
        [
            new(BpfOpcode.LoadByteAbsolute, 0, 0, Net),
            new(BpfOpcode.ShiftRightConstant, 0, 0, 4),
            new(BpfOpcode.JumpEqualConstant, 2, 0, 6),
            new(BpfOpcode.LoadWordAbsolute, 0, 0, Net + 12),
            new(BpfOpcode.Jump, 0, 0, 10),
            new(BpfOpcode.LoadWordAbsolute, 0, 0, Net + 8),
            new(BpfOpcode.CopyAToX, 0, 0, 0),
            new(BpfOpcode.LoadWordAbsolute, 0, 0, Net + 12),
            new(BpfOpcode.XorX, 0, 0, 0),
            new(BpfOpcode.CopyAToX, 0, 0, 0),
            new(BpfOpcode.LoadWordAbsolute, 0, 0, Net + 16),
            new(BpfOpcode.XorX, 0, 0, 0),
            new(BpfOpcode.CopyAToX, 0, 0, 0),
            new(BpfOpcode.LoadWordAbsolute, 0, 0, Net + 20),
            new(BpfOpcode.XorX, 0, 0, 0),
            new(BpfOpcode.MultiplyConstant, 0, 0, Multiplier),
            new(BpfOpcode.ShiftRightConstant, 0, 0, 16),
            new(BpfOpcode.ModuloConstant, 0, 0, (uint)sockets),
            new(BpfOpcode.ReturnA, 0, 0, 0),
        ];
    }

    /// <summary>The same choice, made here.</summary>
    public static int Choose(HostAddress source, int sockets)
    {
        Span<byte> octets = stackalloc byte[16];
        octets = octets[..source.WriteOctets(octets)];
        uint word = 0;
        for (; octets.Length >= 4; octets = octets[4..])
            word ^= BinaryPrimitives.ReadUInt32BigEndian(octets);
        return (int)(((word * Multiplier) >> 16) % (uint)sockets);
    }
}
