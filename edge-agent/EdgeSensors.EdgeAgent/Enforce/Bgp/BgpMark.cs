using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using EdgeSensors.EdgeAgent.Enforce.Bgp.Api;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Enforce.Bgp;

/// <summary>
/// The large community (RFC 8092) on each of a sensor's routes, by which it knows its own again after a restart and leaves everybody else's alone: the
/// daemon's AS, the letters ESNS, and 32 bits of the sensor's name under SHA-256.
/// </summary>
internal static class BgpMark
{
    private const uint Letters = 0x45534E53;

    /// <summary>The mark of a sensor's routes.</summary>
    /// <param name="autonomousSystem">The daemon's AS number.</param>
    /// <param name="sensor">The sensor.</param>
    public static LargeCommunity Of(uint autonomousSystem, SensorName sensor) => new()
    {
        GlobalAdmin = autonomousSystem,
        LocalData1 = Letters,
        LocalData2 = BinaryPrimitives.ReadUInt32BigEndian(SHA256.HashData(Encoding.ASCII.GetBytes(sensor.ToString()))),
    };
}
