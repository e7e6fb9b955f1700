using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// The subjects that a detector watches, a fixed number: in sets of eight, and a new one takes the place of the set's least active without an open event.
/// So whoever sends from many addresses pushes out those that were seen once, not the one that does much.
/// </summary>
internal sealed class SubjectTable
{
    private const int Ways = 8;

    private readonly Subject?[] _places;
    private readonly int _setMask;

    public SubjectTable(int maxSubjects)
    {
        var sets = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(1, maxSubjects / Ways));
        _places = new Subject?[sets * Ways];
        _setMask = sets - 1;
    }

    /// <summary>Subjects forgotten to make room.</summary>
    public long EvictedCount { get; private set; }

    /// <summary>The watched subjects.</summary>
    public IEnumerable<Subject> All => _places.OfType<Subject>();

    public bool TryGet(ulong key, [NotNullWhen(true)] out Subject? subject)
    {
        foreach (var candidate in Set(key))
        {
            if (candidate is not null && candidate.Key == key)
            {
                subject = candidate;
                return true;
            }
        }

        subject = null;
        return false;
    }

    /// <summary>The subject of a key, emptied when it is new (<see cref="Subject.Count"/> is 0 then).</summary>
    public Subject GetOrAdd(ulong key)
    {
        var set = Set(key);
        var victim = 0;
        for (var way = 0; way < Ways; way++)
        {
            if (set[way] is not { } subject)
            {
                return set[way] = new Subject { Key = key };
            }

            if (subject.Key == key)
            {
                return subject;
            }

            if (Rank(subject).CompareTo(Rank(set[victim]!)) < 0)
            {
                victim = way;
            }
        }

        EvictedCount++;
        set[victim]!.Begin(key);
        return set[victim]!;

        static (int, long, long) Rank(Subject s) => (s.EventId != 0 ? 1 : 0, s.Count, s.LastNs);
    }

    private Span<Subject?> Set(ulong key) => _places.AsSpan((int)(key >> 40 & (ulong)_setMask) * Ways, Ways);
}
