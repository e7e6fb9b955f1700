using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>The SHA-256 of one file at a time, a slice a step.</summary>
internal sealed class FileDigest
{
    private const int OctetsAStep = 256;

    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];

    /// <summary>Octets of the file that were hashed.</summary>
    public int Done { get; private set; }

    /// <summary>Begins a file.</summary>
    public void Begin()
    {
        _hash.Reset();
        Done = 0;
    }

    /// <summary>Hashes a slice of the octets that come next.</summary>
    public void Step(byte[] octets, int start, int count)
    {
        count = count < OctetsAStep ? count : OctetsAStep;
        _hash.Update(octets, start, count);
        Done += count;
    }

    /// <summary>Ends the file: whether it is the one that is signed.</summary>
    public bool IsOf(FileReference file)
    {
        _hash.Finish(_digest, 0);
        return Hex.Same(_digest, 0, file.Hash, 0, _digest.Length);
    }

    /// <summary>The hash of a name, which is of ASCII; overwritten by the next.</summary>
    public byte[] OfName(string name)
    {
        _hash.Reset();
        for (int i = 0; i < name.Length; i++)
        {
            _digest[0] = (byte)name[i];
            _hash.Update(_digest, 0, 1);
        }

        _hash.Finish(_digest, 0);
        return _digest;
    }
}
