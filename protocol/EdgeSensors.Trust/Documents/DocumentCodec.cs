using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Documents;

/// <summary>What all trust documents share: an object with <c>type</c> and <c>spec</c>, every member known, canonical on the way out.</summary>
internal static class DocumentCodec
{
    private const int MaxDepth = 12;

    /// <summary>Reads one document. <paramref name="read"/> reports what it dislikes to the fault log; its value counts only when that stays empty.</summary>
    public static bool TryParse<T>(
        ReadOnlyMemory<byte> utf8,
        string type,
        int maxBytes,
        Func<ObjectReader, T> read,
        [NotNullWhen(true)] out T? document,
        [NotNullWhen(false)] out DocumentError? error)
        where T : class
    {
        document = null;
        if (!StrictJson.TryParse(utf8, maxBytes, MaxDepth, out var json, out var fault))
        {
            error = new DocumentError(type, fault.Path, fault.Reason);
            return false;
        }

        using (json)
        {
            var faults = new FaultLog();
            var reader = new ObjectReader(json.RootElement, "", faults);
            if (reader.String("type") != type)
            {
                faults.Add("type", $"is not '{type}'");
            }

            reader.Integer("spec", 1, 1);
            var value = read(reader);
            reader.RefuseUnknown();
            error = faults.First is { } first ? new DocumentError(type, first.Path, first.Reason) : null;
            document = error is null ? value : null;
            return error is null;
        }
    }

    /// <summary>Reads one document and refuses it when it is not the one that its target name promises.</summary>
    public static bool CheckName<T>(string type, string expected, string actual, [NotNullWhen(true)] ref T? document, [NotNullWhen(false)] ref DocumentError? error)
        where T : class
    {
        if (document is not null && expected == actual)
        {
            return true;
        }

        error ??= new DocumentError(type, "", $"names itself {actual} and lies at {expected}");
        document = null;
        return false;
    }

    /// <summary>Hands a written document out only when it reads back: a value that the reader would refuse is a bug of whoever made it.</summary>
    public static byte[] Finish<T>(CanonicalJsonWriter writer, Parser<T> parse)
        where T : class
    {
        var bytes = writer.ToArray();
        return parse(bytes, out _, out var error) ? bytes : throw new InvalidOperationException(error.ToString());
    }

    public delegate bool Parser<T>(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out T? document, [NotNullWhen(false)] out DocumentError? error)
        where T : class;
}
