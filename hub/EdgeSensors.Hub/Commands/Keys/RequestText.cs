using System.Globalization;
using System.Text;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Commands.Keys;

/// <summary>A request as a person reads it: what it brings, what stays as it was, what it changes, and how far it is signed. Nothing is left out, however long it is.</summary>
internal static class RequestText
{
    /// <summary>Lines that a person who is asked for a signature still finds on the screen above the question.</summary>
    public const int MostOnScreen = 2_000;

    private const int Columns = 120;

    /// <summary>What is asked and how far it is signed.</summary>
    public static void Describe(SigningRequest request) => Write(Console.Out, Summary(request));

    /// <summary>All that a signature would be under; throws with one line when there is something in it that nobody can read.</summary>
    public static void DescribeWhole(SigningRequest request) => Write(Console.Out, Whole(request));

    /// <summary>
    /// Likewise for who is to sign: on the screen, or in a file where it is too long for that. Without a file to write it to, nothing that is too long is signed.
    /// </summary>
    public static void DescribeToSigner(SigningRequest request, string? file)
    {
        if (file is not null)
        {
            if (File.Exists(file))
            {
                throw new CommandException("exists", $"{file} is there already; choose another name, or remove it.");
            }

            using var writer = new StreamWriter(file);
            Write(writer, Whole(request));
        }

        if (Whole(request).SelectMany(line => Enumerable.Repeat(line, 1 + (line.Length / Columns))).Skip(MostOnScreen).Any())
        {
            if (file is null)
            {
                throw new CommandException(
                    "unread", string.Create(CultureInfo.InvariantCulture, $"What it brings has more than {MostOnScreen} lines: read it with keys show, or give --write FILE to have it written for reading."), ExitCode.Usage);
            }

            Write(Console.Out, request.Contents.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => TargetText.Head(pair.Key, pair.Value)).Concat(Summary(request)));
            Console.Out.WriteLine($"all of it is in {file}: read it before you sign");
            return;
        }

        Write(Console.Out, Whole(request));
    }

    private static IEnumerable<string> Whole(SigningRequest request) =>
        request.Contents.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .SelectMany(pair => TargetText.Lines(pair.Key, pair.Value, request.Published.TryGetValue(pair.Key, out var published) ? published : null))
            .Concat(request.CarriesOn).Concat(Summary(request));

    private static IEnumerable<string> Summary(SigningRequest request)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"request of {DateTimeOffset.FromUnixTimeMilliseconds(request.MadeAt.Value):yyyy-MM-dd HH:mm:ss'Z'}{(request.Reason.Length > 0 ? $": {request.Reason}" : "")}");
        foreach (var line in request.Says)
        {
            yield return line;
        }

        foreach (var standing in request.Standing())
        {
            var waiting = standing.IsMet ? "" : $"; may still sign: {string.Join(", ", standing.Waiting)}";
            yield return string.Create(CultureInfo.InvariantCulture, $"signed by {standing.Signatures} of {standing.Threshold} ({standing.Whose}){waiting}");
        }
    }

    private static void Write(TextWriter writer, IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            writer.WriteLine(Plain(line));
        }
    }

    // What moves the cursor, turns the direction of writing or is not seen would let a text look like another.
    private static string Plain(string line)
    {
        if (!line.EnumerateRunes().Any(IsUnseen))
        {
            return line;
        }

        var text = new StringBuilder();
        foreach (var rune in line.EnumerateRunes())
        {
            _ = IsUnseen(rune) ? text.Append(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:x}}}") : text.Append(rune);
        }

        return text.ToString();
    }

    private static bool IsUnseen(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned or UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark || (Rune.IsWhiteSpace(rune) && rune.Value != ' ');
}
