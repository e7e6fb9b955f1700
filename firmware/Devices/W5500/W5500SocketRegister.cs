namespace EdgeSensors.Firmware.Devices;

/// <summary>Registers of a socket that the tap uses (W5500 datasheet 1.1.0, section 4.2).</summary>
public enum W5500SocketRegister
{
    /// <summary>Sn_MR: 4 is MACRAW, on socket 0 only.</summary>
    Mode = 0x0000,

    /// <summary>Sn_CR: a <see cref="W5500SocketCommand"/>; reads 0 when it has been taken.</summary>
    Command = 0x0001,

    /// <summary>Sn_SR: 0 closed, 0x42 MACRAW.</summary>
    Status = 0x0003,

    /// <summary>Sn_RXBUF_SIZE, KiB.</summary>
    ReceiveBufferSize = 0x001e,

    /// <summary>Sn_TXBUF_SIZE, KiB.</summary>
    TransmitBufferSize = 0x001f,

    /// <summary>Sn_RX_RSR: octets received and not yet given back. Two octets that may change between two reads.</summary>
    ReceivedSize = 0x0026,

    /// <summary>Sn_RX_RD: where to read; two octets.</summary>
    ReceiveReadPointer = 0x0028,

    /// <summary>Sn_RX_WR: where the chip writes next; two octets.</summary>
    ReceiveWritePointer = 0x002a,
}
