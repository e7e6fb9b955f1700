using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace EdgeSensors.Trust.Keys;

/// <summary>
/// The passphrase of encrypted key files. It comes from a file, a stream (standard input) or an environment variable and never from a
/// command line, where every user of the machine could read it. It does not print.
/// </summary>
public sealed class Passphrase : IDisposable
{
    /// <summary>The fewest characters that protect a new key.</summary>
    public const int MinLength = 12;

    private const int MaxBytes = 1024;

    private readonly byte[] _utf8;

    private Passphrase(byte[] utf8) => _utf8 = utf8;

    internal ReadOnlySpan<byte> Utf8 => _utf8;

    /// <summary>Whether it is long enough to protect a new key.</summary>
    public bool IsStrongEnough => Encoding.UTF8.GetCharCount(_utf8) >= MinLength;

    /// <summary>Takes a text, without the line break at its end; false when nothing is left or it is longer than 1,024 octets of UTF-8.</summary>
    public static bool TryCreate(string? text, [NotNullWhen(true)] out Passphrase? passphrase)
    {
        var utf8 = Encoding.UTF8.GetBytes(text?.TrimEnd('\r', '\n') ?? "");
        passphrase = utf8.Length is > 0 and <= MaxBytes ? new Passphrase(utf8) : null;
        return passphrase is not null;
    }

    /// <summary>Reads the first line of a stream.</summary>
    public static bool TryRead(TextReader source, [NotNullWhen(true)] out Passphrase? passphrase)
    {
        ArgumentNullException.ThrowIfNull(source);
        // Not ReadLine: a stream without a line break must not fill the memory.
        var buffer = new char[MaxBytes + 2];
        var length = 0;
        while (length < buffer.Length && source.Read() is var next && next >= 0 && next != '\n')
        {
            buffer[length++] = (char)next;
        }

        var read = TryCreate(new string(buffer, 0, length), out passphrase);
        Array.Clear(buffer);
        return read;
    }

    /// <summary>Reads the first line of a file; false when there is none or it cannot be read.</summary>
    public static bool TryReadFile(string path, [NotNullWhen(true)] out Passphrase? passphrase)
    {
        passphrase = null;
        try
        {
            using var reader = new StreamReader(path, Encoding.UTF8);
            return TryRead(reader, out passphrase);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Reads an environment variable; false when it is not set or empty.</summary>
    public static bool TryReadEnvironment(string variable, [NotNullWhen(true)] out Passphrase? passphrase) =>
        TryCreate(Environment.GetEnvironmentVariable(variable), out passphrase);

    /// <summary>Overwrites it in memory.</summary>
    public void Dispose() => CryptographicOperations.ZeroMemory(_utf8);
}
