namespace EdgeSensors.FieldTest.Scenarios;

/// <summary>What a key of a scenario file takes.</summary>
internal enum KeyKind
{
    /// <summary>One line of text.</summary>
    Text,

    /// <summary>A lower-case word with hyphens; one of <see cref="ScenarioKey.Among"/> where that names some.</summary>
    Word,

    /// <summary>A length of time: a number and <c>ms</c>, <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>.</summary>
    Time,

    /// <summary>A whole number.</summary>
    Count,

    /// <summary>A number, also with a fraction or an exponent.</summary>
    Number,

    /// <summary><c>true</c> or <c>false</c>.</summary>
    Flag,

    /// <summary>A list of prefixes; a plain address is one of its full length.</summary>
    Prefixes,

    /// <summary>A list of addresses.</summary>
    Addresses,

    /// <summary>A path below the folder of captures (<c>../shared/data</c>), or beside the scenario file.</summary>
    Path,

    /// <summary>A list of <see cref="Word"/>s, or one.</summary>
    Words,

    /// <summary>Names and their values, handed on as they are.</summary>
    Options,

    /// <summary>The same in English and Japanese: <c>{en: …, ja: …}</c>.</summary>
    Title,
}
