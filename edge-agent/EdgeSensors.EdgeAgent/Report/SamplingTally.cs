using EdgeSensors.Metering.Collect;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Report;

/// <summary>How densely a window's packets were looked at. A rate that nobody stated is never taken for 1: such packets are counted apart.</summary>
internal sealed class SamplingTally
{
    private double _seen;
    private double _stoodFor;
    private ulong _unknown;

    /// <summary>Counts an exporter's packets.</summary>
    public void Add(long packets, SamplingRate rate)
    {
        if (rate.IsKnown)
        {
            _seen += packets;
            _stoodFor += packets * rate.OneIn;
        }
        else
        {
            _unknown += (ulong)packets;
        }
    }

    /// <summary>Writes the ratio: packets looked at of those that they stood for, over all exporters.</summary>
    public MeasurementQuality WriteTo(MeasurementQuality measurement)
    {
        measurement = measurement with { UnknownSamplingPackets = _unknown };
        if (_stoodFor <= _seen)
        {
            return measurement;
        }

        // One in so many where it comes out even, else as near as 32 bits allow.
        var oneIn = _stoodFor / _seen;
        var size = oneIn == Math.Floor(oneIn) ? 1 : Math.Min(1000, Math.Floor(uint.MaxValue / oneIn));
        return measurement with { SamplingSize = (uint)size, SamplingPopulation = (uint)Math.Min(uint.MaxValue, Math.Round(size * oneIn)) };
    }

    /// <summary>Begins the next window.</summary>
    public void Clear() => (_seen, _stoodFor, _unknown) = (0, 0, 0);
}
