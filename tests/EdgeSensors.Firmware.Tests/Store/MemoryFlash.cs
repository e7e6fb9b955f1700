using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Tests.Store;

/// <summary>NOR flash in memory: programming clears bits only, erasing takes some polls, and the power can fail in the middle of either.</summary>
internal sealed class MemoryFlash(int capacity, int seed = 1) : IFlash
{
    private readonly byte[] _octets = Fresh(capacity);
    private readonly Random _random = new(seed);
    private int _busy;

    public int Capacity => _octets.Length;

    /// <summary>Changes until the power fails; below zero for never.</summary>
    public long PowerFailsAfter { get; set; } = -1;

    public long Changes { get; private set; }

    public int[] Erases { get; } = new int[capacity / FlashGeometry.SectorSize];

    /// <summary>Sectors that take nothing any more.</summary>
    public HashSet<int> Worn { get; } = [];

    public byte[] Octets => _octets;

    public bool IsBusy
    {
        get
        {
            if (_busy == 0)
            {
                return false;
            }

            _busy--;
            return true;
        }
    }

    /// <summary>The power is back: nothing is under way.</summary>
    public void PowerUp()
    {
        _busy = 0;
        PowerFailsAfter = -1;
    }

    public void Read(int address, byte[] buffer, int offset, int count)
    {
        Idle();
        _octets.AsSpan(address, count).CopyTo(buffer.AsSpan(offset));
    }

    public bool TryProgram(int address, byte[] data, int offset, int count)
    {
        Idle();
        Assert.InRange(count, 1, FlashGeometry.PageSize - (address % FlashGeometry.PageSize));
        bool fails = Fails();
        for (int i = 0; i < count; i++)
        {
            // What the power cut leaves: some octets in, some half in, some not.
            int mask = !fails ? 0 : _random.Next(3) switch { 0 => 0, 1 => 0xff, _ => _random.Next(256) };
            if (!Worn.Contains(address / FlashGeometry.SectorSize))
            {
                _octets[address + i] &= (byte)(data[offset + i] | mask);
            }
        }

        return fails ? throw new PowerCutException() : true;
    }

    public bool TryBeginErase(int address)
    {
        Idle();
        Assert.Equal(0, address % FlashGeometry.SectorSize);
        Span<byte> sector = _octets.AsSpan(address, FlashGeometry.SectorSize);
        Erases[address / FlashGeometry.SectorSize]++;
        if (Fails())
        {
            for (int i = 0; i < sector.Length; i++)
            {
                sector[i] |= (byte)_random.Next(256);
            }

            throw new PowerCutException();
        }

        sector.Fill(0xff);
        _busy = 3;
        return true;
    }

    private static byte[] Fresh(int capacity)
    {
        byte[] octets = new byte[capacity];
        octets.AsSpan().Fill(0xff);
        return octets;
    }

    private void Idle()
    {
        if (_busy != 0)
        {
            throw new InvalidOperationException("The chip is erasing and was asked something.");
        }
    }

    private bool Fails()
    {
        Changes++;
        return PowerFailsAfter >= 0 && PowerFailsAfter-- == 0;
    }
}

/// <summary>The power has failed.</summary>
internal sealed class PowerCutException : Exception;
