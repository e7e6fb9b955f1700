namespace EdgeSensors.FieldTest.Desk;

/// <summary>What a person does to the tap on the desk.</summary>
internal enum DeskKey
{
    /// <summary>Presses the button for a moment.</summary>
    Press,

    /// <summary>Holds it for 6 s: letting go changes the consent.</summary>
    HoldForConsent,

    /// <summary>Holds it for 16 s: everything is forgotten.</summary>
    HoldForReset,

    /// <summary>Opens the lid, or closes it.</summary>
    Lid,

    /// <summary>Pulls the mirror port's cable, or plugs it in.</summary>
    Cable,

    /// <summary>Brings the enrolment over the serial line.</summary>
    Enrol,

    /// <summary>Pulls the power: the end.</summary>
    Quit,
}

/// <summary>The keys of a keyboard for it.</summary>
internal static class DeskKeys
{
    /// <summary>What people read at the bottom of the screen.</summary>
    public const string Help = "b press  c hold (consent)  R hold (forget all)  t lid  l cable  e enrol  q quit";

    /// <summary>What a character stands for; null for nothing. Forgetting everything wants the shift key.</summary>
    public static DeskKey? Of(char key) => key switch
    {
        'b' or 'B' => DeskKey.Press,
        'c' or 'C' => DeskKey.HoldForConsent,
        'R' => DeskKey.HoldForReset,
        't' or 'T' => DeskKey.Lid,
        'l' or 'L' => DeskKey.Cable,
        'e' or 'E' => DeskKey.Enrol,
        'q' or 'Q' => DeskKey.Quit,
        _ => null,
    };
}
