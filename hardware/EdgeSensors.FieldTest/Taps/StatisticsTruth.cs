using System.Globalization;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// Holds a report against what was on the wire. A window measured as a whole must be right but for what came at its ends; of one that was sampled, totals must lie
/// where the report says that 95 % of windows' do, twice as wide.
/// </summary>
/// <param name="wire">What was on the wire.</param>
/// <param name="report">With totals, and with a known loss.</param>
/// <param name="errorMs">How wrong the time was that the tap went by, milliseconds: that is another expectation's matter.</param>
internal sealed class StatisticsTruth(WireTruth wire, ReportMessage report, long errorMs)
{
    // What came between the last look and the window's end is the next window's: the longest sleep, and the slices of other work.
    private const long EndsNs = 120_000_000;
    // A burst that the chip's 16 KB cannot hold makes a window one that was sampled for a moment.
    private const double Whole = 0.9;
    private const double Widths = 2 * 1.96;

    /// <summary>Whether nothing came in the window, and the report says so: it then agrees with anything.</summary>
    public bool IsOfNothing => report.Total!.Value.Packets == 0 && wire.Between(At(report.WindowStart), At(report.WindowEnd)).IsEmpty;

    /// <summary>What the report says that was not so; null when it agrees.</summary>
    /// <param name="exact">Whether a sampled window is wrong by itself.</param>
    public string? Contradiction(bool exact)
    {
        var (from, to) = (At(report.WindowStart), At(report.WindowEnd));
        var outer = wire.Between(from - EndsNs, to + EndsNs).ToArray();
        var inner = wire.Between(from + EndsNs, to - EndsNs).ToArray();
        double p = report.Measurement.SamplingSize / (double)report.Measurement.SamplingPopulation;
        if (p < Whole && exact)
        {
            return string.Create(CultureInfo.InvariantCulture, $"only {p:P1} of the window was looked at");
        }

        var bounds = report.Measurement.Bounds;
        var window = new Window(inner, outer, p, (to - from) / 1_000, 2.0 * bounds?.PacketsWithin ?? 0);
        return window.Compare("packets", report.Total!.Value.Packets, _ => 1)
            ?? (bounds is { } b
                ? new Window(inner, outer, 1, 0, 2.0 * b.OctetsWithin).Compare("octets", b.Octets, x => x.Octets)
                : window.Compare("octets", report.Total.Value.Octets, x => x.Octets))
            ?? report.Protocols.Select(o => window.Compare($"packets of protocol {o.ProtocolIdentifier}", o.Count.Packets, x => x.Protocol == o.ProtocolIdentifier ? 1 : 0)).FirstOrDefault(c => c is not null)
            ?? (p < 1 ? null : report.TcpFlags.Select((n, bit) => window.Compare($"packets with TCP flag {bit}", n, x => (x.TcpFlags >> bit) & 1)).FirstOrDefault(c => c is not null))
            ?? Services(outer);
    }

    private string? Services(WirePacket[] outer)
    {
        foreach (var service in report.Services)
        {
            var most = outer.Count(x => x.Protocol == service.ProtocolIdentifier && (x.SourcePort == service.Port || x.DestinationPort == service.Port));
            if ((ulong)most < service.Count.Packets)
            {
                return string.Create(CultureInfo.InvariantCulture, $"{service.Count.Packets} packets of service {service.ProtocolIdentifier}/{service.Port}, of which the wire had at most {most}");
            }
        }

        return null;
    }

    /// <summary>A time of the report, as the wire counts.</summary>
    private long At(UnixMilliseconds time) => (time.Value - errorMs - TapWorld.Start.ToUnixTimeMilliseconds()) * 1_000_000;

    /// <summary>What the wire had in a window.</summary>
    /// <param name="inner">Surely within it.</param>
    /// <param name="outer">Perhaps within it.</param>
    /// <param name="p">The share of it that was looked at.</param>
    /// <param name="unseenNs">What may have been missed of one that was looked at as a whole: a thousandth.</param>
    /// <param name="within">What the whole may be off by; a part is no further off.</param>
    private sealed class Window(WirePacket[] inner, WirePacket[] outer, double p, long unseenNs, double within)
    {
        /// <summary>Whether n that were taken can stand for what there was.</summary>
        public string? Compare(string what, ulong n, Func<WirePacket, long> of)
        {
            long least = inner.Sum(of), most = outer.Sum(of);
            double stands = n / p, missed = stands - n;
            double margin = within + (p < 1 ? (Widths * Math.Sqrt(missed / p)) + 1 : 0);
            double burst = p < 1 ? 0 : Burst(of);
            return stands + margin + burst < least || stands - margin > most
                ? string.Create(CultureInfo.InvariantCulture, $"{n} {what} (of {p:P1} of the window), where the wire had {least} to {most}")
                : null;
        }

        /// <summary>The most that came in so short a time.</summary>
        private long Burst(Func<WirePacket, long> of)
        {
            long sum = 0, most = 0;
            for (int first = 0, last = 0; last < outer.Length; last++)
            {
                sum += of(outer[last]);
                for (; outer[last].AtNs - outer[first].AtNs > unseenNs; first++)
                {
                    sum -= of(outer[first]);
                }

                most = Math.Max(most, sum);
            }

            return most;
        }
    }
}
