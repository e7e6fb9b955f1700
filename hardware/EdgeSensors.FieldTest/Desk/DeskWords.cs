using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.FieldTest.Desk;

/// <summary>What the LED says, in words.</summary>
internal static class DeskWords
{
    /// <summary>A condition and how the LED shows it.</summary>
    public static string Of(TapCondition condition) => condition switch
    {
        TapCondition.Tampered => "opened: the port is disconnected (a long flash, two short ones)",
        TapCondition.Hot => "too hot: the port is disconnected (flickering)",
        TapCondition.Faulty => "a chip does not answer (flickering)",
        TapCondition.NotEnrolled => "not enrolled (slow and even)",
        TapCondition.ConsentWithdrawn => "the owner has taken the consent back (two flashes)",
        TapCondition.HealthOnly => "no authorisation yet: only health is reported (two flashes)",
        TapCondition.NoTapLink => "no link at the tap port (three flashes)",
        TapCondition.Updating => "flash is being written, leave the power on (mostly on)",
        TapCondition.HubAway => "at work, the hub is away (four flashes)",
        TapCondition.AtWork => "at work (one short flash every 4 s)",
        _ => throw new ArgumentOutOfRangeException(nameof(condition)),
    };
}
