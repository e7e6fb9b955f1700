namespace EdgeSensors.Trust.Keys;

/// <summary>What is wrong with a key file.</summary>
public enum KeyFileFault
{
    /// <summary>It cannot be read from disk.</summary>
    Unreadable,

    /// <summary>It is not a key file.</summary>
    Malformed,

    /// <summary>It is encrypted and no passphrase was given.</summary>
    PassphraseNeeded,

    /// <summary>The passphrase is wrong, or the file was changed: authenticated encryption does not tell which.</summary>
    WrongPassphrase,
}

/// <summary>Why a key file gives no key.</summary>
/// <param name="Fault">The kind of fault.</param>
/// <param name="Path">The file.</param>
/// <param name="Message">What happened, for a person.</param>
public sealed record KeyFileError(KeyFileFault Fault, string Path, string Message)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Path}: {Message}";
}
