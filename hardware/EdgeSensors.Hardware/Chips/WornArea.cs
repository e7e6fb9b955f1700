namespace EdgeSensors.Hardware.Chips;

/// <summary>A part of a flash in which sectors turn out to be worn when they are erased next, about every other one.</summary>
internal sealed class WornArea(int from, int octets, int sectors)
{
    private readonly HashSet<int> _taken = [];

    /// <summary>Whether the sector at an address, which is being erased, is to be worn from now on.</summary>
    public bool Takes(int address, Random random)
    {
        int sector = address / FlashArray.SectorSize;
        return _taken.Count < sectors && address >= from && address < from + octets && random.Next(2) == 0 && _taken.Add(sector);
    }
}
