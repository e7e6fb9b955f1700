using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Blocklists.Merge;

/// <summary>Adds up the statements of one prefix in one category, which come one after the other.</summary>
internal sealed class Merging
{
    private readonly List<string> _sources = [];
    private Prefix _prefix;
    private DocumentId _category;
    private double _doubt;
    private long _notAfter;

    /// <summary>Whether a statement is about something else than those before.</summary>
    public bool IsAnother(Prefix prefix, DocumentId category) => prefix != _prefix || category != _category;

    /// <summary>Adds a statement.</summary>
    public void Add(Prefix prefix, DocumentId category, int score, long notAfter, string source)
    {
        if (_sources.Count == 0)
        {
            (_prefix, _category, _doubt, _notAfter) = (prefix, category, 1, notAfter);
        }

        _doubt *= 1 - (score / 100.0);
        _notAfter = Math.Max(_notAfter, notAfter);
        _sources.Add(source);
    }

    /// <summary>What came of the statements so far, and begins anew; null when there were none.</summary>
    public MergedEntry? Take()
    {
        if (_sources.Count == 0)
        {
            return null;
        }

        var merged = new MergedEntry(_prefix, _category, Math.Clamp((int)Math.Round(100 * (1 - _doubt)), 1, 100), new UnixMilliseconds(_notAfter), [.. _sources]);
        _sources.Clear();
        return merged;
    }
}
