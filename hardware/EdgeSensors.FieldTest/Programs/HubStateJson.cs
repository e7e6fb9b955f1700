using System.Text.Json;
using EdgeSensors.FieldTest.Ring;

namespace EdgeSensors.FieldTest.Programs;

/// <summary>Takes from the hub's API what a run needs.</summary>
internal static class HubStateJson
{
    /// <summary>Reads the answers to <c>incidents</c> and <c>mitigations</c>.</summary>
    public static (IReadOnlyList<IncidentSeen> Incidents, IReadOnlyList<MitigationSeen> Mitigations) Read(JsonElement incidents, JsonElement mitigations) =>
        ([.. incidents.EnumerateArray().SelectMany(ReadIncident)], [.. mitigations.EnumerateArray().Select(ReadMitigation)]);

    private static IEnumerable<IncidentSeen> ReadIncident(JsonElement incident) =>
        incident.GetProperty("evidence").EnumerateArray().Select(e => new IncidentSeen
        {
            Id = incident.GetProperty("id").GetRawText(),
            Indicator = incident.GetProperty("indicator").GetString()!,
            Sensor = e.GetProperty("sensor").GetString()!,
            Detector = e.GetProperty("detector").GetString()!,
            Technique = e.GetProperty("technique").GetString()!,
            ReceivedAt = Time(incident, "opened_at")!.Value,
            ToldAt = Time(e, "received_at")!.Value,
            SourceProven = e.GetProperty("source_proven").GetBoolean(),
            Confidence = e.GetProperty("confidence").GetInt32(),
            Packets = e.GetProperty("packets").GetInt64(),
            Attempts = e.GetProperty("attempts").GetInt64(),
            FailedAttempts = e.GetProperty("failed_attempts").GetInt64(),
            DistinctAddresses = e.GetProperty("distinct_addresses").GetInt64(),
            DistinctPorts = e.GetProperty("distinct_ports").GetInt64(),
            PeakPacketsPerSecond = e.GetProperty("peak_packets_per_second").GetInt64(),
        });

    /// <summary>Reads one mitigation.</summary>
    public static MitigationSeen ReadMitigation(JsonElement mitigation) => new()
    {
        Id = mitigation.GetProperty("id").GetString()!,
        Target = mitigation.GetProperty("target").GetString()!,
        State = mitigation.GetProperty("state").GetString()!,
        ProposedBy = mitigation.GetProperty("proposed_by").GetString()!,
        ApprovedBy = mitigation.TryGetProperty("approved_by", out var by) ? by.GetString() : null,
        ApprovedAt = Time(mitigation, "approved_at"),
        PublishedAt = Time(mitigation, "published_at"),
        Revision = mitigation.TryGetProperty("revision", out var revision) && revision.ValueKind == JsonValueKind.Number ? revision.GetInt64() : null,
        Receipts = [.. mitigation.GetProperty("receipts").EnumerateArray().Select(ReadReceipt)],
    };

    private static ReceiptSeen ReadReceipt(JsonElement receipt) => new(
        receipt.GetProperty("state").GetString()!,
        receipt.TryGetProperty("reason", out var reason) ? reason.GetString() : null,
        Time(receipt, "observed_at")!.Value,
        Time(receipt, "received_at")!.Value,
        receipt.GetProperty("hit_packets").GetInt64(),
        receipt.GetProperty("sensor").GetString()!);

    private static DateTimeOffset? Time(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? DateTimeOffset.FromUnixTimeMilliseconds(value.GetInt64()) : null;
}
