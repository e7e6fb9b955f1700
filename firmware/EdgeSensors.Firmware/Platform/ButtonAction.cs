namespace EdgeSensors.Firmware.Platform;

/// <summary>What the owner did at the button.</summary>
public enum ButtonAction
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Pressed: show the state.</summary>
    Show,

    /// <summary>Held for 5 seconds: consent off, or on again.</summary>
    Consent,

    /// <summary>Held for 15 seconds: back to how it left the factory.</summary>
    FactoryReset,
}
