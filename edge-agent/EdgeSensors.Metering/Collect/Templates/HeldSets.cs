using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Metering.Collect.Accounting;

namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>Data sets whose template has not come yet: held for a bounded time, in bounded memory, first in first out.</summary>
internal sealed class HeldSets(CollectorOptions options, CollectorTotals totals)
{
    /// <summary>Charged for each set beside its octets, so that many tiny ones are bounded too.</summary>
    private const int Overhead = 128;

    private readonly Queue<HeldSet> _all = new();
    private readonly long _holdNs = options.HoldTime.Ticks * 100;
    private long _octets;

    /// <summary>Octets held, overhead included.</summary>
    public long Octets => _octets;

    public void Hold(ushort templateId, ReadOnlySpan<byte> records, in MessageContext message)
    {
        totals.HeldSetCount++;
        var domain = message.Domain;
        var cost = records.Length + Overhead;
        if (cost > options.MaxHeldOctetsPerDomain || cost > options.MaxHeldOctets)
        {
            totals.DroppedSetCount++;
            domain.DroppedSetCount++;
            return;
        }

        while (domain.HeldOctets + cost > options.MaxHeldOctetsPerDomain && domain.OldestHeld() is { } own)
            Drop(own);
        while (_octets + cost > options.MaxHeldOctets && _all.TryDequeue(out var oldest))
            Drop(oldest);

        var held = new HeldSet(domain, templateId, records.ToArray(), in message);
        _octets += cost;
        domain.HeldOctets += cost;
        domain.AddHeld(held);
        _all.Enqueue(held);
        // Those that left by another door stay queued as empty shells until their turn comes; they may not outnumber what the bound allows either.
        while (_all.Count > options.MaxHeldOctets / Overhead && _all.TryDequeue(out var first))
            Drop(first);
    }

    /// <summary>Drops what was held too long.</summary>
    public void Expire(long nowNs)
    {
        while (_all.TryPeek(out var oldest) && (oldest.Records is null || nowNs - oldest.Message.ReceivedNs > _holdNs || nowNs < oldest.Message.ReceivedNs - _holdNs))
        {
            _all.Dequeue();
            Drop(oldest);
        }
    }

    /// <summary>Takes the oldest set that waits for a template, and its octets.</summary>
    public bool TryRelease(ExporterDomain domain, ushort templateId, [NotNullWhen(true)] out HeldSet? held, out byte[] records)
    {
        while (domain.TryTakeHeld(templateId, out held))
        {
            if (held.Records is not { } octets)
                continue;
            records = octets;
            Forget(held);
            totals.ReleasedSetCount++;
            return true;
        }

        records = [];
        return false;
    }

    /// <summary>Drops all that a domain holds.</summary>
    public void DropAll(ExporterDomain domain)
    {
        while (domain.OldestHeld() is { } held)
            Drop(held);
    }

    private void Drop(HeldSet held)
    {
        if (held.Records is null)
            return;
        totals.DroppedSetCount++;
        held.Message.Domain.DroppedSetCount++;
        Forget(held);
        held.Message.Domain.RemoveHeld(held);
    }

    private void Forget(HeldSet held)
    {
        var cost = held.Records!.Length + Overhead;
        _octets -= cost;
        held.Message.Domain.HeldOctets -= cost;
        held.Records = null;
    }
}
