using System;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>
/// Randomness from the interpreter's generator, whose quality nobody vouches for, and the timer, under SHA-256 with the tap's own secret: without
/// the secret nobody can tell the outcome, whatever the generator is.
/// </summary>
internal sealed class DeviceRandom : IRandom
{
    private readonly Random _random = new Random();
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _secret;
    private readonly byte[] _pool = new byte[Sha256.DigestSize];
    private readonly byte[] _more = new byte[16];
    private readonly IClock _clock;

    /// <summary>Keyed by a secret of this tap.</summary>
    public DeviceRandom(byte[] secret, IClock clock)
    {
        _secret = secret;
        _clock = clock;
    }

    /// <inheritdoc/>
    public void Fill(byte[] octets)
    {
        int filled = 0;
        while (filled < octets.Length)
        {
            _random.NextBytes(_more);
            _hash.Reset();
            _hash.Update(_secret, 0, _secret.Length);
            _hash.Update(_pool, 0, _pool.Length);
            _hash.Update(_more, 0, _more.Length);
            BigEndian.Put64(_more, 0, (ulong)_clock.Microseconds);
            _hash.Update(_more, 0, _more.Length);
            _hash.Finish(_pool, 0);

            // Half of the pool is given out, half stays.
            int count = octets.Length - filled < 16 ? octets.Length - filled : 16;
            Array.Copy(_pool, 0, octets, filled, count);
            filled += count;
        }
    }
}
