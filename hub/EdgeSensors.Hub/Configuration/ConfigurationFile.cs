using System.Collections;
using System.Net;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Configuration;

/// <summary>Reads <c>hub.yaml</c>. Relative paths start at the file's folder.</summary>
internal static class ConfigurationFile
{
    /// <summary>Throws <see cref="ConfigurationException"/> with one line for a person.</summary>
    public static HubConfiguration Load(string path)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(pair => KeyValuePair.Create((string)pair.Key, (string?)pair.Value ?? ""));
        if (Directory.Exists(path))
        {
            throw new ConfigurationException($"{path} is a folder; give the file in it: {Path.Combine(path, "hub.yaml")}");
        }

        try
        {
            using var reader = File.OpenText(path);
            return Read(Path.GetFullPath(path), reader, environment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path} cannot be read ({e.Message.TrimEnd('.')}); make one with: edgesensors-hub init DIR");
        }
    }

    public static HubConfiguration Read(string path, TextReader yaml, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var s = new YamlSettings(path, yaml, environment);
        var home = Path.GetDirectoryName(path)!;
        string Rooted(string relative) => Path.GetFullPath(relative, home);
        var data = Rooted(s.Text("store.folder", "data"));
        var address = s.Text("listen.address", "0.0.0.0");
        if (!IPAddress.TryParse(address, out _))
        {
            throw s.Fault("listen.address", $"is '{address}'; it must be an IP address of this machine, or 0.0.0.0 or ::");
        }

        var configuration = new HubConfiguration
        {
            Listen = new(address, s.Text("listen.host", "localhost"), s.Number("listen.mqtt_port", 8883, 1, 65_535), s.Number("listen.https_port", 8443, 1, 65_535)),
            Tls = new(Rooted(s.Text("tls.certificate", "tls/server.crt")), Rooted(s.Text("tls.key", "tls/server.key")), Rooted(s.Text("tls.authority", "tls/ca.crt"))),
            Trust = new(
                Rooted(s.Text("trust.repository", "repository")),
                Rooted(s.Text("trust.online_keys", "online")),
                Rooted(s.Text("trust.offline_keys", home + "-offline"))),
            Transparency = new(
                Rooted(s.Text("transparency.folder", "log")),
                s.Objects("transparency.witnesses", text => Uri.TryCreate(text.EndsWith('/') ? text : text + "/", UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null, "http or https URL")),
            Inbox = new()
            {
                Folder = data,
                MaxConnections = s.Number("inbox.max_connections", 5_000, 1, 1_000_000),
                QueueMessages = s.Number("inbox.queue_messages", 8_192, 1, 1_000_000),
                BatchMessages = s.Number("inbox.batch_messages", 4_096, 1, 100_000),
                GapTimeout = TimeSpan.FromSeconds(s.Number("inbox.gap_timeout_seconds", 10, 1, 86_400)),
                Retention = TimeSpan.FromHours(s.Number("inbox.retention_hours", 48, 0, 87_600)),
                MaxMiB = s.Number("inbox.max_mib", 65_536, 1, 100_000_000),
                MaxRejected = s.Number("inbox.max_rejected", 10_000, 0, 10_000_000),
            },
            Store = new(
                data,
                TimeSpan.FromDays(s.Number("store.flow_retention_days", 30, 1, 3_650)),
                TimeSpan.FromMinutes(s.Number("correlate.join_minutes", 60, 1, 10_080))),
            Policy = new()
            {
                Propose = s.Flag("policy.propose", true),
                Approve = s.Flag("policy.approve", false),
                MinConfidence = s.Number("policy.min_confidence", 80, 0, 100),
                ForeignOnly = s.Flag("policy.foreign_only", true),
                Step = s.Word("policy.step", "drop", "observe", "rate-limit", "drop"),
                Duration = TimeSpan.FromMinutes(s.Number("policy.duration_minutes", 60, 1, 43_200)),
                MaxDuration = TimeSpan.FromMinutes(s.Number("policy.max_duration_minutes", 1_440, 1, 43_200)),
                ImpactWindow = TimeSpan.FromHours(s.Number("policy.impact_hours", 24, 1, 8_760)),
                Never = s.List("policy.never", text => Prefix.TryParse(text, out var prefix) ? (Prefix?)prefix : null, "IP prefix with its host bits zero"),
            },
            MetricsEndpoint = s.Text("metrics.otlp_endpoint", "") is { Length: > 0 } url
                ? Uri.TryCreate(url, UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
                    ? endpoint
                    : throw s.Fault("metrics.otlp_endpoint", $"is '{url}'; it must be an http or https URL, or empty")
                : null,
            LogLevel = s.Word("log.level", "warning", "debug", "information", "warning", "error") switch
            {
                "debug" => LogLevel.Debug,
                "information" => LogLevel.Information,
                "error" => LogLevel.Error,
                _ => LogLevel.Warning,
            },
        };
        s.RefuseUnknown();
        return configuration;
    }
}
