using System.IO.MemoryMappedFiles;
using EdgeSensors.Hardware.Chips;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>
/// A tap's flash in a file: an image of the chip's 16 MiB as a programmer of bare chips reads it. What the chip has programmed or erased is in the file at once and in
/// the same order, so that the tap survives the end of this program however it comes, as it survives a power cut. It holds private keys: only its owner may read it.
/// </summary>
internal sealed class FlashFile : IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryMappedFile _mapped;
    private readonly MemoryMappedViewAccessor _view;
    private readonly FlashArray _cells;

    private FlashFile(FileStream file, FlashArray cells)
    {
        _file = file;
        _cells = cells;
        _mapped = MemoryMappedFile.CreateFromFile(file, null, cells.Capacity, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _mapped.CreateViewAccessor();
        cells.OnChange = Keep;
    }

    /// <summary>Loads the chip's cells from a file, which is made where there is none, and keeps them there from now on.</summary>
    /// <exception cref="DeskException">It cannot be used.</exception>
    public static FlashFile Open(string path, FlashArray cells)
    {
        FileStream? file = null;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            file = new FileStream(path, options);
            if (file.Length == 0)
            {
                Erase(file, cells.Capacity);
            }
            else if (file.Length != cells.Capacity)
            {
                throw new DeskException("state", $"{path} is no image of a tap's flash ({cells.Capacity:N0} octets); give another file with --state");
            }

            Load(file, cells);
            return new FlashFile(file, cells);
        }
        catch (DeskException)
        {
            file?.Dispose();
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            file?.Dispose();
            throw new DeskException("state", $"{path}: {e.Message.TrimEnd('.')}; give another file with --state, or end the tap that uses it");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cells.OnChange = null;
        _view.Dispose();
        _mapped.Dispose();
        _file.Dispose();
    }

    private static void Erase(FileStream file, int capacity)
    {
        var erased = new byte[FlashArray.SectorSize];
        erased.AsSpan().Fill(0xff);
        for (var at = 0; at < capacity; at += erased.Length)
        {
            file.Write(erased);
        }

        file.Position = 0;
    }

    private static void Load(FileStream file, FlashArray cells)
    {
        var sector = new byte[FlashArray.SectorSize];
        for (var at = 0; at < cells.Capacity; at += sector.Length)
        {
            file.ReadExactly(sector);
            if (sector.AsSpan().IndexOfAnyExcept((byte)0xff) >= 0)
            {
                cells.Load(at, sector);
            }
        }
    }

    private void Keep(int address, int count)
    {
        for (var at = address; at < address + count; at++)
        {
            _view.Write(at, _cells[at]);
        }
    }
}
