namespace EdgeSensors.Hardware.Wire;

/// <summary>How fast frames follow one another.</summary>
public enum LineRate
{
    /// <summary>At the times that they carry, or later when the line is still busy.</summary>
    AsTimed,

    /// <summary>One right after the other.</summary>
    Full,
}
