namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// What the supply leaves behind when it goes in the middle of a program or an erase: anything, but only where work was under way. Which of the
/// many ways it is comes from the seed, so that all of them are met over many cuts.
/// </summary>
internal static class TornWrite
{
    /// <summary>A page that was being programmed: not begun, done but not yet reported, done up to an octet, or bits here and there.</summary>
    public static void Program(FlashArray array, ReadOnlySpan<(int Address, byte Value)> octets, Random random)
    {
        int kind = random.Next(5);
        int whole = kind switch { 0 => 0, 1 => octets.Length, 2 or 3 => random.Next(octets.Length), _ => 0 };
        for (int i = 0; i < octets.Length; i++)
        {
            byte reached = (byte)random.Next(256);
            if (i < whole)
            {
                array.Program(octets[i].Address, octets[i].Value);
            }
            else if (kind == 4 || (i == whole && kind is 2 or 3))
            {
                array.Program(octets[i].Address, (byte)(octets[i].Value | reached));
            }
        }
    }

    /// <summary>
    /// A sector that was being erased. The chip first programs all of it to zeros, so that cells wear alike, and then erases: so it may be as it
    /// was, part zeros, anything, partly erased, or erased but not yet reported.
    /// </summary>
    public static void Erase(FlashArray array, int sector, Random random)
    {
        byte[] cells = array.Sector(sector);
        int kind = random.Next(6);
        int from = kind is 1 or 2 ? random.Next(FlashArray.SectorSize) : 0;
        byte[] noise = new byte[FlashArray.SectorSize];
        random.NextBytes(noise);
        for (int i = from; i < cells.Length; i++)
        {
            cells[i] = kind switch
            {
                0 => cells[i],
                1 => 0,
                2 => 0xff,
                3 => (byte)(cells[i] & noise[i]),
                4 => (byte)(cells[i] | noise[i]),
                _ => 0xff,
            };
        }

        if (kind == 5 && random.Next(2) == 0)
        {
            cells[random.Next(cells.Length)] = (byte)random.Next(256);
        }
    }
}
