namespace EdgeSensors.Firmware.Devices;

/// <summary>
/// What the LED tells. A pattern is 32 slots of 125 ms, shown over and over, the highest bit first; 1 is on. Chosen so that a person tells them
/// apart by counting flashes or by "on", "off", "mostly on" and "flickering".
/// </summary>
public enum LedPattern : uint
{
    /// <summary>No program runs, or no power.</summary>
    Off = 0x00000000,

    /// <summary>All is well: one short flash every 4 s.</summary>
    Working = 0x80000000,

    /// <summary>Nobody has consented, or the authorisation has ended: two flashes.</summary>
    NoConsent = 0xA0000000,

    /// <summary>No link at the tap port: three flashes.</summary>
    NoTapLink = 0xA8000000,

    /// <summary>The hub cannot be reached; reports are kept: four flashes.</summary>
    NoUplink = 0xAA000000,

    /// <summary>Waits to be set up: slow and even, half a second on and off.</summary>
    SettingUp = 0xF0F0F0F0,

    /// <summary>Takes an update in; leave the power on: mostly on.</summary>
    Updating = 0xEEEEEEEE,

    /// <summary>Was opened; the tap port is disconnected: a long flash, then two short ones.</summary>
    Tampered = 0xFC50FC50,

    /// <summary>Too hot or a chip has failed; the tap port is disconnected: flickering.</summary>
    Failed = 0xAAAAAAAA,

    /// <summary>The button is held and letting go changes the consent: on.</summary>
    ConsentWillChange = 0xFFFFFFFF,
}
