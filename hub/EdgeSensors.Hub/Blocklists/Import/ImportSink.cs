using System.Globalization;
using System.Net;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Takes what a reader finds, turns it into entries, and counts by reason what is no entry.</summary>
/// <param name="defaults">What is taken where the list does not say.</param>
/// <param name="never">Of these nothing is taken.</param>
internal sealed class ImportSink(ImportDefaults defaults, NeverList never)
{
    private const int ExampleLength = 60;

    private readonly SortedDictionary<string, (int Count, string Example)> _skipped = new(StringComparer.Ordinal);

    /// <summary>What was taken.</summary>
    public List<ImportedEntry> Entries { get; } = [];

    /// <summary>What was not, by reason, with the first of each.</summary>
    public IReadOnlyDictionary<string, (int Count, string Example)> Skipped => _skipped;

    /// <summary>Set when there are more entries than a list may have.</summary>
    public ImportError? Error { get; private set; }

    /// <summary>When the list is read.</summary>
    public UnixMilliseconds Now => defaults.Now;

    /// <summary>Takes an address, a prefix or a range (<c>first-last</c>).</summary>
    /// <param name="text">As it is written.</param>
    /// <param name="category">Why it is listed; the default where it is null or makes no id.</param>
    /// <param name="score">How sure the source is; the default where it says nothing.</param>
    /// <param name="notAfter">When the statement ends; the default where it says nothing.</param>
    public void Add(string text, string? category = null, int? score = null, UnixMilliseconds? notAfter = null)
    {
        text = text.Trim();
        if (Prefix.TryParse(text, out var prefix))
        {
            Add(prefix, text, category, score, notAfter);
        }
        else if (text.IndexOf('-', StringComparison.Ordinal) is > 0 and var dash
            && Prefix.TryParse(text[..dash].Trim(), out var first) && Prefix.TryParse(text[(dash + 1)..].Trim(), out var last) && first.IsSingleAddress && last.IsSingleAddress)
        {
            AddRange(first, last, text, category, score, notAfter);
        }
        else if (text.IndexOf('/', StringComparison.Ordinal) is > 0 and var slash && IPAddress.TryParse(text[..slash], out _)
            && int.TryParse(text[(slash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out _))
        {
            Skip("a prefix with host bits set", text);
        }
        else
        {
            Skip("no address", text);
        }
    }

    /// <summary>Counts what is no entry.</summary>
    public void Skip(string reason, string example)
    {
        var (count, first) = _skipped.GetValueOrDefault(reason, (0, example.Length > ExampleLength ? example[..ExampleLength] : example));
        _skipped[reason] = (count + 1, first);
    }

    private void AddRange(Prefix first, Prefix last, string text, string? category, int? score, UnixMilliseconds? notAfter)
    {
        if (!AddressRange.TryDivide(first, last, ImportBounds.MaxRangePrefixes, out var prefixes))
        {
            Skip("a range that is backwards, mixed, or too ragged", text);
            return;
        }

        foreach (var prefix in prefixes)
        {
            Add(prefix, text, category, score, notAfter);
        }
    }

    private void Add(Prefix prefix, string text, string? category, int? score, UnixMilliseconds? notAfter)
    {
        if (prefix.Length < (prefix.IsIPv4 ? ImportBounds.MinLengthIPv4 : ImportBounds.MinLengthIPv6))
        {
            Skip("a prefix too wide", text);
            return;
        }

        if (never.Forbids(prefix, out var because))
        {
            Skip($"on the never-list ({because})", text);
            return;
        }

        if (notAfter <= defaults.Now)
        {
            Skip("expired", text);
            return;
        }

        var longest = new UnixMilliseconds(defaults.Now.Value + (long)ImportDefaults.LongestLife.TotalMilliseconds);
        var end = notAfter is { } stated ? Cohort.OfStated(stated < longest ? stated : longest, defaults.Now) : Cohort.OfLife(defaults.Life, defaults.Now);

        if (Entries.Count == ImportBounds.MaxEntries)
        {
            Error ??= new ImportError("too-many", $"it has more than {ImportBounds.MaxEntries} entries");
            return;
        }

        Entries.Add(new ImportedEntry(prefix, CategoryOf(category), Math.Clamp(score ?? defaults.Score, 1, 100), end));
    }

    /// <summary>"crowdsecurity/ssh-bf" is ssh-bf, "Command and Control" is command-and-control.</summary>
    private DocumentId CategoryOf(string? text)
    {
        if (string.IsNullOrWhiteSpace(text) || text.Length > 256)
        {
            return defaults.Category;
        }

        var words = string.Join('-', text[(text.LastIndexOf('/') + 1)..].ToLowerInvariant()
            .Split(text.Where(letter => !char.IsAsciiLetterOrDigit(letter)).Distinct().ToArray(), StringSplitOptions.RemoveEmptyEntries));
        return DocumentId.TryParse(words.Length > 63 ? words[..63].TrimEnd('-') : words, out var category) ? category : defaults.Category;
    }
}
