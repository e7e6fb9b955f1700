namespace EdgeSensors.Hardware.Chips;

/// <summary>Cells of a sector that do not change any more.</summary>
internal sealed class StuckCells
{
    private readonly List<(int Octet, byte Mask)> _zeros = [];
    private readonly List<(int Octet, byte Mask)> _ones = [];

    /// <summary>Octets that came out otherwise than they were written.</summary>
    public long Spoiled { get; private set; }

    public void Add(int zeros, int ones, Random random)
    {
        for (int i = 0; i < zeros; i++)
        {
            _zeros.Add((random.Next(FlashArray.SectorSize), (byte)(1 << random.Next(8))));
        }

        for (int i = 0; i < ones; i++)
        {
            _ones.Add((random.Next(FlashArray.SectorSize), (byte)(1 << random.Next(8))));
        }
    }

    /// <summary>What was just written takes the shape that the cells allow.</summary>
    public void Spoil(byte[] cells) => Spoiled += Hold(cells);

    /// <summary>Puts the stuck cells where they are stuck; how many octets that changed.</summary>
    public int Hold(byte[] cells)
    {
        int changed = 0;
        foreach ((int octet, byte mask) in _ones)
        {
            changed += (cells[octet] & mask) != mask ? 1 : 0;
            cells[octet] |= mask;
        }

        foreach ((int octet, byte mask) in _zeros)
        {
            changed += (cells[octet] & mask) != 0 ? 1 : 0;
            cells[octet] &= (byte)~mask;
        }

        return changed;
    }
}
