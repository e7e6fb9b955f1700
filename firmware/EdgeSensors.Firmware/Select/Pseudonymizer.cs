using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Select;

/// <summary>HMAC-SHA-256 (RFC 2104) of an own address under the authorisation's key, cut to 16 octets; the same as every sensor's.</summary>
internal sealed class Pseudonymizer
{
    /// <summary>Octets of a pseudonym.</summary>
    public const int Size = 16;

    /// <summary>Octets of the key.</summary>
    public const int KeySize = 32;

    /// <summary>The most pseudonyms that are remembered: two of each flow of a report.</summary>
    public const int MostKnown = 128;

    private const int Slots = 2 * MostKnown;

    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _pad = new byte[Sha256.BlockSize];

    // Where the hash stands after each of the key's two pads: half of an HMAC's work, done once a key.
    private readonly Sha256 _afterInnerPad = new Sha256();
    private readonly Sha256 _afterOuterPad = new Sha256();
    private readonly byte[] _inner = new byte[Sha256.DigestSize];
    private readonly byte[] _address = new byte[16];

    // What was worked out in this window, by open addressing; at most half full.
    private readonly ulong[] _knownHigh = new ulong[Slots];
    private readonly ulong[] _knownLow = new ulong[Slots];
    private readonly bool[] _isUsed = new bool[Slots];
    private readonly byte[] _known = new byte[Slots * Size];
    private int _count;

    /// <summary>Keys what counts own addresses in sketches, which could otherwise be joined with guesses.</summary>
    public ulong SketchKey { get; private set; }

    /// <summary>Takes a key into use.</summary>
    public void SetKey(byte[] key, int offset)
    {
        Forget();
        Pad(key, offset, 0x36, _afterInnerPad);
        Pad(key, offset, 0x5c, _afterOuterPad);
        const string Purpose = "EdgeSensors sketch v1";
        byte[] purpose = new byte[Purpose.Length];
        for (int i = 0; i < purpose.Length; i++)
        {
            purpose[i] = (byte)Purpose[i];
        }

        Authenticate(purpose, purpose.Length);
        SketchKey = 0;
        for (int i = 7; i >= 0; i--)
        {
            SketchKey = (SketchKey << 8) | _inner[i];
        }
    }

    /// <summary>Writes the pseudonym of an address: of IPv4 over its 4 octets, of IPv6 over its 16.</summary>
    public void Write(ulong high, ulong low, byte[] pseudonym)
    {
        int slot = SlotOf(high, low);
        if (!_isUsed[slot])
        {
            if (!Learn(high, low, slot))
            {
                System.Array.Copy(_inner, 0, pseudonym, 0, Size);
                return;
            }
        }

        System.Array.Copy(_known, slot * Size, pseudonym, 0, Size);
    }

    /// <summary>Works a pseudonym out beforehand. False when it was known, or there is no room to keep it: then nothing was done.</summary>
    public bool TryLearn(ulong high, ulong low)
    {
        int slot = SlotOf(high, low);
        return !_isUsed[slot] && _count < MostKnown && Learn(high, low, slot);
    }

    /// <summary>Forgets what was worked out, as at the end of a window.</summary>
    public void Forget()
    {
        System.Array.Clear(_isUsed, 0, Slots);
        _count = 0;
    }

    /// <summary>Where an address is, or would be.</summary>
    private int SlotOf(ulong high, ulong low)
    {
        ulong mixed = (high ^ low) * 0x9e3779b97f4a7c15UL;
        int slot = (int)(mixed >> 56);
        while (_isUsed[slot] && (_knownHigh[slot] != high || _knownLow[slot] != low))
        {
            slot = (slot + 1) & (Slots - 1);
        }

        return slot;
    }

    private bool Learn(ulong high, ulong low, int slot)
    {
        int length = AddressOctets.Write(high, low, _address);
        Authenticate(_address, length);
        if (_count == MostKnown)
        {
            return false;
        }

        _count++;
        _isUsed[slot] = true;
        _knownHigh[slot] = high;
        _knownLow[slot] = low;
        System.Array.Copy(_inner, 0, _known, slot * Size, Size);
        return true;
    }

    private void Authenticate(byte[] text, int length)
    {
        _hash.CopyFrom(_afterInnerPad);
        _hash.Update(text, 0, length);
        _hash.Finish(_inner, 0);
        _hash.CopyFrom(_afterOuterPad);
        _hash.Update(_inner, 0, Sha256.DigestSize);
        _hash.Finish(_inner, 0);
    }

    private void Pad(byte[] key, int offset, int value, Sha256 hash)
    {
        for (int i = 0; i < Sha256.BlockSize; i++)
        {
            _pad[i] = (byte)((i < KeySize ? key[offset + i] : 0) ^ value);
        }

        hash.Reset();
        hash.Update(_pad, 0, Sha256.BlockSize);
    }
}
