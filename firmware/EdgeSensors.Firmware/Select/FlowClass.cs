namespace EdgeSensors.Firmware.Select;

/// <summary>What is found out about a flow once, as one octet: 0 for not yet, else 1 + direction, and 8 if its direction may be selected.</summary>
internal static class FlowClass
{
    private const int SelectableBit = 8;

    /// <summary>The octet of a direction.</summary>
    public static byte Of(int direction, bool selectable)
    {
        return (byte)(1 + direction + (selectable ? SelectableBit : 0));
    }

    /// <summary>The direction of an octet.</summary>
    public static int DirectionOf(int flowClass)
    {
        return (flowClass & (SelectableBit - 1)) - 1;
    }

    /// <summary>Whether the flow is counted in more than the total.</summary>
    public static bool IsSelectable(int flowClass)
    {
        return (flowClass & SelectableBit) != 0;
    }
}
