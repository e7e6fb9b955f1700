using System.Device.I2c;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Tests.Chips;

/// <summary>The emulated temperature sensor does what its datasheet says (SBOS397, sections by name).</summary>
public sealed class Tmp102ChipTests : IDisposable
{
    private readonly EmulatedTime _time = new(DateTimeOffset.UnixEpoch);
    private readonly I2cDevice _i2c;
    private readonly BoardI2cBus _bus;
    private readonly Supply _supply;
    private double _celsius = 25;

    public Tmp102ChipTests()
    {
        _supply = new Supply(_time);
        _bus = new BoardI2cBus(_time, _supply, seed: 1);
        _bus.Attach(new Tmp102Chip(_time, _supply, () => _celsius));
        _i2c = _bus.CreateDevice(0x48);
    }

    public void Dispose() => _bus.Dispose();

    // "12-Bit Temperature Data Format".
    [Theory]
    [InlineData(127.9375, 0x7ff)]
    [InlineData(100, 0x640)]
    [InlineData(25, 0x190)]
    [InlineData(0.25, 0x004)]
    [InlineData(0, 0x000)]
    [InlineData(-0.25, 0xffc)]
    [InlineData(-25, 0xe70)]
    [InlineData(-55, 0xc90)]
    public void Temperature_register_has_sixteenths_of_a_degree_in_the_highest_12_bits(double celsius, int digits)
    {
        _celsius = celsius;
        _time.Advance(TimeSpan.FromMilliseconds(26));
        Assert.Equal(digits << 4, Read(0));
    }

    [Fact]
    public void Extended_mode_has_13_bits_and_says_so_in_the_lowest()
    {
        _celsius = 150;
        _i2c.Write([1, 0x60, 0xb0]);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((0x0960 << 3) | 1, Read(0));
    }

    [Fact]
    public void Power_up_reads_0_degrees_until_the_first_conversion_and_60A0_as_configuration()
    {
        Assert.Equal(0, Read(0));
        Assert.Equal(0x60a0, Read(1));
        Assert.Equal((0x4b00, 0x5000), (Read(2), Read(3)));
    }

    [Theory]
    [InlineData(0x00, 4_000)]
    [InlineData(0x40, 1_000)]
    [InlineData(0x80, 250)]
    [InlineData(0xc0, 125)]
    public void Conversion_rate_is_what_the_bits_say(byte bits, int milliseconds)
    {
        _i2c.Write([1, 0x60, bits]);
        _time.Advance(TimeSpan.FromMilliseconds(26));
        Read(0);
        _celsius = 30;
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds - 30));
        Assert.Equal(25, Read(0) / 256);
        _time.Advance(TimeSpan.FromMilliseconds(30));
        Assert.Equal(30, Read(0) / 256);
    }

    [Fact]
    public void One_shot_converts_once_when_asleep_and_reads_1_when_done()
    {
        _time.Advance(TimeSpan.FromMilliseconds(30));
        _i2c.Write([1, 0x61, 0x80]);
        _celsius = 40;
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(25, Read(0) / 256);
        _i2c.Write([1, 0xe1, 0x80]);
        Assert.Equal(0, Read(1) & 0x8000);
        _time.Advance(TimeSpan.FromMilliseconds(26));
        Assert.Equal(0x8000, Read(1) & 0x8000);
        Assert.Equal(40, Read(0) / 256);
    }

    [Fact]
    public void Comparator_mode_alerts_from_THIGH_until_below_TLOW()
    {
        Assert.Equal(0x20, Alert(79));
        Assert.Equal(0, Alert(80));
        Assert.Equal(0, Alert(76));
        Assert.Equal(0x20, Alert(74));

        int Alert(double celsius)
        {
            _celsius = celsius;
            _time.Advance(TimeSpan.FromSeconds(1));
            return Read(1) & 0x20;
        }
    }

    [Fact]
    public void Nobody_answers_at_another_address_or_on_a_stuck_bus()
    {
        Assert.Throws<IOException>(() => _bus.CreateDevice(0x49).ReadByte());
        _bus.IsStuck = true;
        Assert.Throws<IOException>(() => _i2c.ReadByte());
        _supply.Cut();
        Assert.Throws<PowerCutException>(() => _i2c.ReadByte());
    }

    private int Read(byte register)
    {
        byte[] value = new byte[2];
        _i2c.WriteRead([register], value);
        return (value[0] << 8) | value[1];
    }
}
