namespace EdgeSensors.Firmware.Devices;

/// <summary>Commands for Sn_CR (W5500 datasheet 1.1.0, section 4.2).</summary>
public enum W5500SocketCommand
{
    /// <summary>Opens the socket in the mode of Sn_MR.</summary>
    Open = 0x01,

    /// <summary>Closes it.</summary>
    Close = 0x10,

    /// <summary>Gives back what lies before the read pointer.</summary>
    Receive = 0x40,
}
