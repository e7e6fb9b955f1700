using System.Diagnostics.Metrics;

namespace EdgeSensors.Hub.Sign;

/// <summary>What publishing counts (OpenTelemetry instruments, meter <c>EdgeSensors.Hub.Sign</c>).</summary>
internal sealed class PublishMeters
{
    public const string Name = "EdgeSensors.Hub.Sign";

    private readonly Counter<long> _published;
    private readonly Counter<long> _failures;
    private readonly Histogram<double> _time;
    private IReadOnlyList<Expiring> _watched = [];

    public PublishMeters(IMeterFactory factory, TimeProvider? time = null)
    {
        var clock = time ?? TimeProvider.System;
        var meter = factory.Create(Name);
        _published = meter.CreateCounter<long>("edgesensors.sign.published", "{rule set}", "Rule sets that were published");
        _failures = meter.CreateCounter<long>("edgesensors.sign.failures", "{attempt}", "Publications that failed; tried again");
        _time = meter.CreateHistogram<double>("edgesensors.sign.time", "s", "From the decision to the announced timestamp");
        meter.CreateObservableGauge(
            "edgesensors.sign.expires_in",
            () => _watched.Select(item => new Measurement<double>((item.Expires - clock.GetUtcNow()).TotalSeconds, new KeyValuePair<string, object?>("role", item.What))),
            "s",
            "Until a role's metadata, or the hub's certificate, expires; below zero when it has");
    }

    public void Published(TimeSpan time)
    {
        _published.Add(1);
        _time.Record(time.TotalSeconds);
    }

    public void Watched(IReadOnlyList<Expiring> all) => Volatile.Write(ref _watched, all);

    public void Failed() => _failures.Add(1);
}
