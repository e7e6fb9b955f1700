namespace EdgeSensors.Firmware.Platform;

/// <summary>
/// NOR flash: a sector is erased to ones, programming turns ones into zeros and never back. Power may fail at any instant; what was being
/// programmed or erased is then anything, and the octets beside it are as they were.
/// </summary>
public interface IFlash
{
    /// <summary>Octets of the chip: a multiple of <see cref="FlashGeometry.SectorSize"/>.</summary>
    int Capacity { get; }

    /// <summary>Whether an erase is under way (45 ms, at worst 400 ms): nothing else may be asked until it is over.</summary>
    bool IsBusy { get; }

    /// <summary>Reads octets, over any boundaries.</summary>
    void Read(int address, byte[] buffer, int offset, int count);

    /// <summary>Programs octets of one page and waits until they are in (0.7 ms, at worst 3 ms). False if the chip did not take them.</summary>
    /// <param name="address">The first octet.</param>
    /// <param name="data">From here.</param>
    /// <param name="offset">The first of them.</param>
    /// <param name="count">At least one; they end within the page of <paramref name="address"/>.</param>
    bool TryProgram(int address, byte[] data, int offset, int count);

    /// <summary>Begins to erase the sector at an address and does not wait. False if the chip did not take the command.</summary>
    bool TryBeginErase(int address);
}
