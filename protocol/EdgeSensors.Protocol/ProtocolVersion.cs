namespace EdgeSensors.Protocol;

/// <summary>The versions of the message schema; a hub takes the current one and the one before.</summary>
public static class ProtocolVersion
{
    /// <summary>What is written.</summary>
    public const uint Current = 1;

    /// <summary>The oldest that is read.</summary>
    public const uint Oldest = 1;
}
