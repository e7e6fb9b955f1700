using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Enforce.Lists;

/// <summary>Enforces the blocklist at the interface. When the program there is taken off, or the agent dies, nothing of it stays.</summary>
/// <param name="interfaces">Where the program stands.</param>
/// <param name="capacity">Most entries.</param>
/// <param name="time">The clock that entries end by.</param>
internal sealed class XdpListEnforcer(XdpEnforcer interfaces, int capacity, TimeProvider time) : IListEnforcer
{
    /// <inheritdoc/>
    public int Capacity => interfaces.Blocklist is null ? 0 : capacity;

    /// <inheritdoc/>
    public string Name => "xdp";

    /// <inheritdoc/>
    public bool Can(MitigationStep step) => step != MitigationStep.RateLimit;

    /// <inheritdoc/>
    public Task<string?> ApplyAsync(IReadOnlyList<EnforcedSection> sections, CancellationToken cancellationToken)
    {
        var (boot, now) = (BootClock.Nanoseconds, UnixMilliseconds.Now(time).Value);
        return Task.FromResult(interfaces.Blocklist is { } blocklist
            ? blocklist.Apply(sections, section => boot + ((ulong)Math.Max(0, section.EndsAt.Value - now) * 1_000_000))?.Message
            : sections.Count == 0 ? null : "the program at the interface is off");
    }

    /// <inheritdoc/>
    public Task<ListReading?> ReadHitsAsync(CancellationToken cancellationToken)
    {
        var hits = new Dictionary<DocumentId, XdpHits>();
        return Task.FromResult(interfaces.Blocklist is not { } blocklist ? new ListReading(hits, Intact: false) : blocklist.ReadHits(hits) is null ? new ListReading(hits, Intact: true) : null);
    }
}
