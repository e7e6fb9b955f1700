namespace EdgeSensors.Hardware.Buses;

/// <summary>A chip at one address of an I2C bus.</summary>
public interface II2cChip
{
    /// <summary>Its address, 7 bits.</summary>
    int Address { get; }

    /// <summary>Takes an octet of a write. False for no acknowledgement.</summary>
    bool TryTake(byte octet, int index);

    /// <summary>Gives an octet of a read.</summary>
    byte Give(int index);
}
