using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>Everything that is left to chance in a run, from one number: each part has a stream of its own, so that one more draw of one does not move another's.</summary>
/// <param name="Number">The run's seed.</param>
internal readonly record struct RunSeed(long Number)
{
    /// <summary>32 octets for a name: a key, for instance.</summary>
    public byte[] Octets(string name) => SHA256.HashData(Encoding.UTF8.GetBytes(FormattableString.Invariant($"{Number}/{name}")));

    /// <summary>A number for a name.</summary>
    public int Of(string name) => BinaryPrimitives.ReadInt32LittleEndian(Octets(name)) & int.MaxValue;

    /// <summary>A stream for a name.</summary>
    public Random Stream(string name) => new(Of(name));
}
