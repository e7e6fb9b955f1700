using System;
using System.Device.I2c;

namespace EdgeSensors.Firmware.Platform;

/// <summary>Transfers on I2C that may fail: nanoFramework returns a status where .NET throws.</summary>
internal static class I2cTransfer
{
    /// <summary>Writes. False if the device did not answer.</summary>
    public static bool TryWrite(I2cDevice device, SpanByte data)
    {
        return device.Write(data).Status == I2cTransferStatus.FullTransfer;
    }

    /// <summary>Writes, and reads without letting go of the bus. False if the device did not answer.</summary>
    public static bool TryWriteRead(I2cDevice device, SpanByte data, SpanByte answer)
    {
        return device.WriteRead(data, answer).Status == I2cTransferStatus.FullTransfer;
    }
}
