using System;
using System.Device.I2c;
using System.IO;

namespace EdgeSensors.Firmware.Platform;

/// <summary>Transfers on I2C that may fail: .NET throws where nanoFramework returns a status.</summary>
internal static class I2cTransfer
{
    /// <summary>Writes. False if the device did not answer.</summary>
    public static bool TryWrite(I2cDevice device, Span<byte> data)
    {
        try
        {
            device.Write(data);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>Writes, and reads without letting go of the bus. False if the device did not answer.</summary>
    public static bool TryWriteRead(I2cDevice device, Span<byte> data, Span<byte> answer)
    {
        try
        {
            device.WriteRead(data, answer);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
