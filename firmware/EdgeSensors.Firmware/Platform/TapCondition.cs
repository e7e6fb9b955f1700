namespace EdgeSensors.Firmware.Platform;

/// <summary>What the light says, the gravest first.</summary>
public enum TapCondition
{
    /// <summary>Opened: the tap port is disconnected.</summary>
    Tampered,

    /// <summary>Too hot: the tap port is disconnected.</summary>
    Hot,

    /// <summary>The chip of the tap port, or the flash, does not answer.</summary>
    Faulty,

    /// <summary>Not enrolled.</summary>
    NotEnrolled,

    /// <summary>The owner has taken the consent back.</summary>
    ConsentWithdrawn,

    /// <summary>No authorisation in force, or no trusted time: only health is reported.</summary>
    HealthOnly,

    /// <summary>No link at the tap port.</summary>
    NoTapLink,

    /// <summary>An update is being written: the power should stay on.</summary>
    Updating,

    /// <summary>At work; the hub is away.</summary>
    HubAway,

    /// <summary>At work.</summary>
    AtWork,
}
