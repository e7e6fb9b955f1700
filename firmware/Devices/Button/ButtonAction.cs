namespace EdgeSensors.Firmware.Devices;

/// <summary>What a person asked for with the one button.</summary>
public enum ButtonAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Pressed and let go: show the state.</summary>
    ShowState,

    /// <summary>Held for 5 seconds and let go before 15: the owner's consent off or on.</summary>
    ToggleConsent,

    /// <summary>Held for 15 seconds: forget everything, as the board left the factory.</summary>
    FactoryReset,
}
