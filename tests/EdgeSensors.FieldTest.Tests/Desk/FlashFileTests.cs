using EdgeSensors.FieldTest.Desk;
using EdgeSensors.Hardware.Chips;

namespace EdgeSensors.FieldTest.Tests.Desk;

/// <summary>A flash that outlives the program.</summary>
public sealed class FlashFileTests : IDisposable
{
    private readonly string _path = Path.Combine(Path.GetTempPath(), $"edgesensors-flash-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void What_was_programmed_and_erased_is_there_again_without_a_proper_end()
    {
        var cells = new FlashArray(W25Q128Chip.Capacity);
        var file = FlashFile.Open(_path, cells);
        cells.Load(8_190, [1, 2, 3, 4]); // over the end of a sector
        cells.Load(100_000, [5]);

        // Read as it lies there, while the tap still runs.
        var image = File.Exists(_path) ? ReadShared() : [];
        Assert.Equal(W25Q128Chip.Capacity, image.Length);
        Assert.Equal([0xff, 1, 2, 3, 4, 0xff], image[8_189..8_195]);
        file.Dispose();

        var again = new FlashArray(W25Q128Chip.Capacity);
        using var reopened = FlashFile.Open(_path, again);
        Assert.Equal([0xff, 1, 2, 3, 4, 0xff], again.Copy(8_189, 6));
        Assert.Equal(5, again[100_000]);
        Assert.Equal(0xff, again[50_000]);
    }

    [Fact]
    public void Only_its_owner_may_read_it_and_only_one_tap_use_it()
    {
        using var file = FlashFile.Open(_path, new FlashArray(W25Q128Chip.Capacity));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(_path) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        var error = Assert.Throws<DeskException>(() => FlashFile.Open(_path, new FlashArray(W25Q128Chip.Capacity)));
        Assert.Equal("state", error.Area);
    }

    [Fact]
    public void A_file_that_is_something_else_is_left_alone()
    {
        File.WriteAllText(_path, "a letter");
        Assert.Contains("no image of a tap's flash", Assert.Throws<DeskException>(() => FlashFile.Open(_path, new FlashArray(W25Q128Chip.Capacity))).Message, StringComparison.Ordinal);
        Assert.Equal("a letter", File.ReadAllText(_path));
    }

    private byte[] ReadShared()
    {
        // The lock is between programs of this kind; cp(1) reads all the same.
        using var copy = System.Diagnostics.Process.Start("cp", [_path, _path + ".copy"]);
        copy.WaitForExit();
        var octets = File.ReadAllBytes(_path + ".copy");
        File.Delete(_path + ".copy");
        return octets;
    }
}
