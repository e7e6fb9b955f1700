using System.Globalization;
using System.Xml.Linq;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Tests.Conformance;

namespace EdgeSensors.Firmware.Tests.Board;

/// <summary>What a manufacturer builds from is what the program uses.</summary>
public class BoardPageTests
{
    private static readonly string Folder = Path.Combine(DeviceBuild.Root, "hardware", "boards", "tap-1");

    [Fact]
    public void The_flash_map_on_the_page_is_the_programs_and_fills_the_chip()
    {
        List<(int From, int Octets)> page = [.. Rows("## What the flash holds").Select(r => (
            int.Parse(r[0][2..], NumberStyles.HexNumber, CultureInfo.InvariantCulture),
            r[1].Split(" x ").Aggregate(1, (product, factor) => product * int.Parse(factor, CultureInfo.InvariantCulture))))];
        List<(int From, int Octets)> program =
        [
            (FlashMap.State, FlashMap.StateSectors * 4096),
            (FlashMap.Identity, FlashMap.IdentitySize),
            .. Enumerable.Range(0, FlashMap.Slots).Select(s => (FlashMap.AddressOf(s, 0), 2 * FlashMap.HalfSize(s))),
            (FlashMap.Vital, FlashMap.VitalSize),
            (FlashMap.Reports, W25Q128.Size - FlashMap.Reports),
        ];
        Assert.Equal(program, page);
        for (int i = 1; i < page.Count; i++)
        {
            Assert.True(page[i].From >= page[i - 1].From + page[i - 1].Octets);
        }

        Assert.Equal(W25Q128.Size, page[^1].From + page[^1].Octets);
    }

    [Fact]
    public void No_pin_has_two_uses_and_none_is_one_that_the_module_needs_itself()
    {
        List<string[]> rows = [.. Rows("## Pins")];
        List<string> pins = [.. rows.SelectMany(r => r[0].Split(", "))], modulePins = [.. rows.SelectMany(r => r[1].Split(", "))];
        Assert.Equal(pins.Count, pins.Distinct().Count());
        Assert.Equal(pins.Count, modulePins.Distinct().Count());
        Assert.DoesNotContain(pins, p => int.TryParse(p, CultureInfo.InvariantCulture, out int pin) && (pin is 3 or 45 or 46 or (>= 26 and <= 37)));
    }

    [Fact]
    public void The_wiring_shows_every_net_of_the_table()
    {
        string drawn = XDocument.Load(Path.Combine(Folder, "wiring.svg")).Root!.Value;
        foreach (string net in Rows("## Pins").SelectMany(r => r[2].Split([' ', ','], StringSplitOptions.RemoveEmptyEntries)).Where(n => n.Length > 3))
        {
            Assert.Contains(net, drawn, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_power_table_adds_up()
    {
        List<string[]> rows = [.. Rows("## Power").Where(r => r[1] == "3.3 V")];
        Assert.Equal(246, rows.Sum(r => int.Parse(r[2], CultureInfo.InvariantCulture)));
        Assert.Equal(515, rows.Sum(r => int.Parse(r[3], CultureInfo.InvariantCulture)));
    }

    private static IEnumerable<string[]> Rows(string heading) => File.ReadLines(Path.Combine(Folder, "README.md"))
        .SkipWhile(l => l != heading).Skip(1).TakeWhile(l => !l.StartsWith("## ", StringComparison.Ordinal))
        .Where(l => l.StartsWith('|')).Skip(2).TakeWhile(l => l.StartsWith('|'))
        .Select(l => l.Trim('|').Split('|', StringSplitOptions.TrimEntries));
}
