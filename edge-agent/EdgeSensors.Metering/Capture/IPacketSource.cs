namespace EdgeSensors.Metering.Capture;

/// <summary>Where packets come from: a capture file or a network card.</summary>
public interface IPacketSource
{
    /// <summary>Hands over the next packet without allocating.</summary>
    /// <param name="packet">Set when the outcome is <see cref="PacketRead.Packet"/>; valid until the next read.</param>
    PacketRead Read(ref CapturedPacket packet);
}
