using System.Globalization;
using System.Text;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Comma-separated values (RFC 4180) under a line of column names; CrowdSec's CSV is of this kind. Columns of other names are left alone.</summary>
internal static class CsvList
{
    private static readonly string[] AddressColumns = ["value", "ip", "address", "prefix", "cidr", "network", "ip_address", "indicator", "range"];
    private static readonly string[] CategoryColumns = ["category", "reason", "scenario", "threat", "tag"];
    private static readonly string[] ScoreColumns = ["score", "confidence"];
    private static readonly string[] EndColumns = ["not_after", "expires", "expiry", "until", "valid_until", "expiration"];
    private static readonly string[] DurationColumns = ["duration"];
    private static readonly string[] KindColumns = ["type", "decision"];

    /// <summary>Whether a first line names a column of addresses.</summary>
    public static bool IsHeader(string line) => Place([.. Fields(line, out _)], AddressColumns) >= 0;

    public static ImportError? Read(string text, ImportSink sink)
    {
        string[]? names = null;
        var (address, category, score, end, duration, kind) = (0, 0, 0, 0, 0, 0);
        var pending = new StringBuilder();
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (sink.Error is not null)
            {
                return null;
            }

            if (pending.Length == 0 && (line.Trim().IsEmpty || line.TrimStart()[0] == '#'))
            {
                continue;
            }

            pending.Append(line);
            var fields = Fields(pending.ToString(), out var open);
            if (open && pending.Length <= ImportBounds.MaxLine)
            {
                pending.Append('\n'); // a quoted field goes on
                continue;
            }

            var record = pending.ToString();
            pending.Clear();
            if (open || record.Length > ImportBounds.MaxLine)
            {
                sink.Skip("a line too long, or a quote that is never closed", record);
                continue;
            }

            string[] cells = [.. fields];
            if (names is null)
            {
                names = cells;
                (address, category, score, end, duration, kind) =
                    (Place(names, AddressColumns), Place(names, CategoryColumns), Place(names, ScoreColumns), Place(names, EndColumns), Place(names, DurationColumns), Place(names, KindColumns));
                if (address < 0)
                {
                    return new ImportError("malformed", $"its first line names no column of addresses ({string.Join(", ", AddressColumns)})");
                }

                continue;
            }

            if (cells.Length != names.Length)
            {
                sink.Skip("a line with another number of columns", record);
            }
            else if (Cell(kind) is { Length: > 0 } word && Decisions.IsOther(word))
            {
                sink.Skip($"a decision that does not block", record);
            }
            else
            {
                sink.Add(
                    cells[address],
                    Cell(category),
                    double.TryParse(Cell(score), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value) ? (int)Math.Clamp(value, 0, 100) : null,
                    Moments.End(Cell(end), Cell(duration), sink.Now));
            }

            string? Cell(int column) => column < 0 ? null : cells[column].Trim();
        }

        if (pending.Length > 0)
        {
            sink.Skip("a line too long, or a quote that is never closed", pending.ToString());
        }

        return names is null ? new ImportError("malformed", "it has no line of column names") : null;
    }

    private static int Place(string[] names, string[] wanted) =>
        wanted.Select(word => Array.FindIndex(names, name => string.Equals(name.Trim(), word, StringComparison.OrdinalIgnoreCase))).FirstOrDefault(place => place >= 0, -1);

    private static List<string> Fields(string record, out bool open)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        open = false;
        for (var i = 0; i < record.Length; i++)
        {
            var letter = record[i];
            if (open)
            {
                if (letter != '"')
                {
                    field.Append(letter);
                }
                else if (i + 1 < record.Length && record[i + 1] == '"')
                {
                    field.Append('"');
                    i++;
                }
                else
                {
                    open = false;
                }
            }
            else if (letter == '"' && field.Length == 0)
            {
                open = true;
            }
            else if (letter == ',')
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(letter);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
