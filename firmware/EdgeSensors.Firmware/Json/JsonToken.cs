namespace EdgeSensors.Firmware.Json;

/// <summary>What <see cref="JsonReader.Next"/> met.</summary>
internal enum JsonToken
{
    /// <summary>The text is not canonical JSON; there is nothing more to read.</summary>
    Error,

    /// <summary>The value has ended, and the text with it.</summary>
    End,

    /// <summary>An object begins.</summary>
    ObjectBegin,

    /// <summary>An object has ended.</summary>
    ObjectEnd,

    /// <summary>An array begins.</summary>
    ArrayBegin,

    /// <summary>An array has ended.</summary>
    ArrayEnd,

    /// <summary>A string; its octets are as they lie, escapes and all.</summary>
    Text,

    /// <summary>An integer.</summary>
    Integer,

    /// <summary>true.</summary>
    True,

    /// <summary>false.</summary>
    False,

    /// <summary>null.</summary>
    Null,
}
