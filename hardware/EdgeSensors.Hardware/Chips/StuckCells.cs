namespace EdgeSensors.Hardware.Chips;

/// <summary>Cells of a sector that do not change any more.</summary>
internal sealed class StuckCells
{
    private readonly List<(int Octet, byte Mask)> _zeros = [];
    private readonly List<(int Octet, byte Mask)> _ones = [];

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

    public void Hold(byte[] cells)
    {
        foreach ((int octet, byte mask) in _ones)
        {
            cells[octet] |= mask;
        }

        foreach ((int octet, byte mask) in _zeros)
        {
            cells[octet] &= (byte)~mask;
        }
    }
}
