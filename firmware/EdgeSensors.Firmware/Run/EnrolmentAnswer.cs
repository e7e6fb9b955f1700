namespace EdgeSensors.Firmware.Run;

/// <summary>What became of octets from the serial line.</summary>
internal enum EnrolmentAnswer
{
    /// <summary>Nothing yet.</summary>
    None,

    /// <summary>It was stored: the module is to be restarted.</summary>
    Enrolled,

    /// <summary>It stopped in the middle.</summary>
    Incomplete,

    /// <summary>It says that it is longer than there is room for.</summary>
    TooLong,

    /// <summary>Its checksum is not right: something of it was lost or changed on its way.</summary>
    Damaged,

    /// <summary>It came whole, but something in it is missing or makes no sense.</summary>
    Invalid,

    /// <summary>The flash chip did not keep it.</summary>
    NotKept,
}
