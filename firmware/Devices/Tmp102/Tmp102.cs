using System;
using System.Device.I2c;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Devices;

/// <summary>Texas Instruments TMP102: a temperature sensor on I2C, ±0.5 °C typically.</summary>
public sealed class Tmp102 : IDisposable
{
    /// <summary>The address with ADD0 at ground (datasheet SBOS397, "Serial Bus Address").</summary>
    public const int DefaultAddress = 0x48;

    private const int UnusedBits = 0x000f;

    private readonly I2cDevice _i2c;
    private readonly byte[] _out = new byte[3];
    private readonly byte[] _in = new byte[2];

    /// <summary>A sensor on a bus of up to 400 kHz.</summary>
    /// <param name="i2c">The bus; disposed of with this.</param>
    public Tmp102(I2cDevice i2c)
    {
        _i2c = i2c ?? throw new ArgumentNullException(nameof(i2c));
    }

    /// <summary>Sets it to a conversion every 4 s. False if no TMP102 answers. The first value is there 26 ms later (35 ms at most).</summary>
    public bool TryInitialize()
    {
        _out[0] = (byte)Tmp102Register.Configuration;
        _out[1] = (byte)((int)Tmp102Configuration.Resolution >> 8);
        _out[2] = (byte)Tmp102Configuration.None;
        return I2cTransfer.TryWrite(_i2c, new SpanByte(_out, 0, 3))
            && TryReadRegister(Tmp102Register.Configuration, out int value)
            && (value & (int)Tmp102Configuration.Resolution) == (int)Tmp102Configuration.Resolution
            && (value & ((int)Tmp102Configuration.ExtendedMode | (int)Tmp102Configuration.Shutdown | (int)Tmp102Configuration.ConversionRate)) == 0;
    }

    /// <summary>The last conversion.</summary>
    /// <param name="sixteenths">Sixteenths of a degree Celsius, -55 to 128 °C.</param>
    /// <returns>False if the sensor did not answer, or gave what it never gives: unused bits that are not zero.</returns>
    public bool TryRead(out int sixteenths)
    {
        bool read = TryReadRegister(Tmp102Register.Temperature, out int value) && (value & UnusedBits) == 0;
        sixteenths = read ? (short)value >> 4 : 0;
        return read;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _i2c.Dispose();
    }

    private bool TryReadRegister(Tmp102Register register, out int value)
    {
        _out[0] = (byte)register;
        bool read = I2cTransfer.TryWriteRead(_i2c, new SpanByte(_out, 0, 1), new SpanByte(_in, 0, 2));
        value = (_in[0] << 8) | _in[1];
        return read;
    }
}
