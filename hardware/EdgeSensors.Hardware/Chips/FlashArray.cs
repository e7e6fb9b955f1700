namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// The cells of a NOR flash: ones after erasure, each programmed to zero and never back. It keeps account of wear, and cells can be stuck.
/// Sectors that were never programmed take no memory, so that many chips fit into one process.
/// </summary>
public sealed class FlashArray
{
    /// <summary>Octets of the smallest piece that can be erased.</summary>
    public const int SectorSize = 4096;

    /// <summary>Octets that are programmed at once.</summary>
    public const int PageSize = 256;

    private readonly byte[]?[] _sectors;
    private readonly int[] _erases;
    private readonly Dictionary<int, StuckCells> _stuck = [];

    /// <summary>Erased cells.</summary>
    /// <param name="capacity">Octets, a multiple of the sector size.</param>
    public FlashArray(int capacity)
    {
        Capacity = capacity;
        _sectors = new byte[]?[capacity / SectorSize];
        _erases = new int[_sectors.Length];
    }

    /// <summary>Octets.</summary>
    public int Capacity { get; }

    /// <summary>Pages programmed so far.</summary>
    public long Programs { get; private set; }

    /// <summary>Sectors erased so far.</summary>
    public long Erases { get; private set; }

    /// <summary>Called when octets have changed: the first of them, and how many. Not for those that a power cut tore.</summary>
    public Action<int, int>? OnChange { get; set; }

    /// <summary>The octet at an address.</summary>
    public byte this[int address] => _sectors[address / SectorSize]?[address % SectorSize] ?? 0xff;

    /// <summary>Octets of an area that came out otherwise than they were programmed or erased to, as cells are worn.</summary>
    public long SpoiledIn(int from, int octets) => _stuck.Where(s => s.Key * SectorSize >= from && s.Key * SectorSize < from + octets).Sum(s => s.Value.Spoiled);

    /// <summary>How often a sector was erased.</summary>
    public int ErasesOf(int sector) => _erases[sector];

    /// <summary>The most that any sector was erased.</summary>
    public int MostErases() => _erases.Max();

    /// <summary>A copy of what is stored.</summary>
    public byte[] Copy(int address, int count)
    {
        byte[] copy = new byte[count];
        for (int i = 0; i < count; i++)
        {
            copy[i] = this[address + i];
        }

        return copy;
    }

    /// <summary>Stores octets as a programmer of bare chips does, with no regard to what was there.</summary>
    public void Load(int address, ReadOnlySpan<byte> octets)
    {
        for (int i = 0; i < octets.Length; i++)
        {
            Sector((address + i) / SectorSize)[(address + i) % SectorSize] = octets[i];
        }

        OnChange?.Invoke(address, octets.Length);
    }

    /// <summary>Wears a sector out: cells of it stay zero when it is erased, others stay one when they are programmed.</summary>
    /// <param name="sector">Its number.</param>
    /// <param name="zeros">Cells that stay zero.</param>
    /// <param name="ones">Cells that stay one.</param>
    /// <param name="random">Chooses them.</param>
    public void WearOut(int sector, int zeros, int ones, Random random)
    {
        if (!_stuck.TryGetValue(sector, out StuckCells? stuck))
        {
            _stuck[sector] = stuck = new StuckCells();
        }

        stuck.Add(zeros, ones, random);
        stuck.Hold(Sector(sector));
        OnChange?.Invoke(sector * SectorSize, SectorSize);
    }

    /// <summary>Counts a page that began to be programmed.</summary>
    internal void CountProgram() => Programs++;

    /// <summary>Counts a sector that began to be erased.</summary>
    internal void CountErase(int sector)
    {
        _erases[sector]++;
        Erases++;
    }

    /// <summary>Turns ones of an octet into zeros where <paramref name="value"/> has zeros.</summary>
    internal void Program(int address, byte value)
    {
        int sector = address / SectorSize;
        byte[] cells = Sector(sector);
        cells[address % SectorSize] &= value;
        Hold(sector);
        OnChange?.Invoke(address, 1);
    }

    /// <summary>Sets a sector to ones.</summary>
    internal void Erase(int sector)
    {
        _sectors[sector] = null;
        Hold(sector);
        OnChange?.Invoke(sector * SectorSize, SectorSize);
    }

    /// <summary>The cells of a sector, to be changed.</summary>
    internal byte[] Sector(int sector)
    {
        byte[]? cells = _sectors[sector];
        if (cells is null)
        {
            _sectors[sector] = cells = new byte[SectorSize];
            cells.AsSpan().Fill(0xff);
        }

        return cells;
    }

    private void Hold(int sector)
    {
        if (_stuck.TryGetValue(sector, out StuckCells? stuck))
        {
            stuck.Spoil(Sector(sector));
        }
    }
}
