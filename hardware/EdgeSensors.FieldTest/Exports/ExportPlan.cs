using EdgeSensors.Metering.Collect;

namespace EdgeSensors.FieldTest.Exports;

/// <summary>What is sent, in which order, and what was done to it: the truth that a collector's figures are held against.</summary>
internal sealed class ExportPlan
{
    private ExportPlan(IReadOnlyList<ExportDatagram> sent, IReadOnlyList<ExportDatagram> lost)
    {
        (Sent, Lost) = (sent, lost);
    }

    /// <summary>In the order of sending.</summary>
    public IReadOnlyList<ExportDatagram> Sent { get; }

    /// <summary>Never sent.</summary>
    public IReadOnlyList<ExportDatagram> Lost { get; }

    /// <summary>Datagrams sent twice.</summary>
    public int Duplicated { get; private init; }

    /// <summary>Datagrams overtaken by the one behind them.</summary>
    public int Overtaken { get; private init; }

    /// <summary>Exporters that restarted.</summary>
    public int Restarted { get; private init; }

    /// <summary>Does to a capture what is to be done.</summary>
    public static ExportPlan Make(ExportCapture capture, Impairments impairments)
    {
        var random = new Random(impairments.Seed);
        var kept = new List<ExportDatagram>();
        var lost = new List<ExportDatagram>();
        var templatesLost = new Dictionary<ExporterEndpoint, int>();
        var all = Restart(capture.Datagrams, impairments.RestartAfter, out var restarted);
        foreach (var datagram in all)
        {
            var isLost = random.NextDouble() < impairments.Loss;
            var forgone = templatesLost.GetValueOrDefault(datagram.From);
            if (forgone < impairments.LostTemplates && ExportHeader.BringsTemplates(datagram.Payload))
            {
                templatesLost[datagram.From] = forgone + 1;
                isLost = true;
            }

            (isLost ? lost : kept).Add(impairments.OneAddress ? datagram with { From = capture.Datagrams[0].From } : datagram);
        }

        var (sent, duplicated, overtaken) = Disturb(kept, impairments, random);
        return new ExportPlan(sent, lost) { Duplicated = duplicated, Overtaken = overtaken, Restarted = restarted };
    }

    /// <summary>The same in portions, for whoever waits between them.</summary>
    public IEnumerable<ExportPlan> Portions(int datagrams) => Sent.Chunk(datagrams).Select(portion => new ExportPlan(portion, []));

    private static List<ExportDatagram> Restart(IReadOnlyList<ExportDatagram> datagrams, double? after, out int restarted)
    {
        restarted = 0;
        if (after is not { } share)
        {
            return [.. datagrams];
        }

        var total = datagrams.CountBy(datagram => datagram.From).ToDictionary();
        var seen = new Dictionary<ExporterEndpoint, int>();
        var first = new Dictionary<ExporterEndpoint, byte[]>();
        var all = new List<ExportDatagram>();
        foreach (var datagram in datagrams)
        {
            var number = seen.GetValueOrDefault(datagram.From);
            seen[datagram.From] = number + 1;
            if (number < share * total[datagram.From])
            {
                all.Add(datagram);
                continue;
            }

            if (first.TryAdd(datagram.From, datagram.Payload))
            {
                restarted++;
            }

            var changed = (byte[])datagram.Payload.Clone();
            ExportHeader.Restart(changed, first[datagram.From]);
            all.Add(datagram with { Payload = changed });
        }

        return all;
    }

    private static (List<ExportDatagram> Sent, int Duplicated, int Overtaken) Disturb(List<ExportDatagram> kept, Impairments impairments, Random random)
    {
        var sent = new List<ExportDatagram>();
        var (duplicated, overtaken) = (0, 0);
        for (var index = 0; index < kept.Count; index++)
        {
            if (index + 1 < kept.Count && random.NextDouble() < impairments.Reordering)
            {
                overtaken++;
                (kept[index], kept[index + 1]) = (kept[index + 1], kept[index]);
                sent.Add(kept[index++]);
            }

            sent.Add(kept[index]);
            if (random.NextDouble() < impairments.Duplication)
            {
                duplicated++;
                sent.Add(kept[index]);
            }
        }

        return (sent, duplicated, overtaken);
    }
}
