using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Commands;

/// <summary>The <c>hub.yaml</c> that init writes: every key, its default and its unit.</summary>
internal static class ConfigurationTemplate
{
    public static string Write(string listen, string host, int mqttPort, int httpsPort, string offline, IEnumerable<Uri> witnesses, string policy, IReadOnlyList<Prefix> never) => $"""
        # edgesensors-hub. Paths start at this file's folder. An environment variable EDGESENSORS__SECTION__KEY overrides a key.
        # A key that is not known here is refused.

        listen:
          address: "{listen}"            # address of this machine, 0.0.0.0 or :: (default 0.0.0.0)
          host: "{host}"                 # how others reach the hub (default localhost)
          mqtt_port: {mqttPort}          # MQTT over TLS, client certificates required (default 8883)
          https_port: {httpsPort}        # API under /api/v1, updates under /tuf (default 8443)

        tls:
          certificate: tls/server.crt    # PEM
          key: tls/server.key            # PEM
          authority: tls/ca.crt          # client certificates that it issued are let in, and no others

        trust:
          repository: repository         # the TUF repository that is served
          online_keys: online            # snapshot, timestamp, control
          offline_keys: "{offline}"      # serve refuses to start when it can open a key there

        transparency:
          folder: log                    # the transparency log, and its key
          witnesses: [{string.Join(", ", witnesses.Select(url => $"\"{url}\""))}] # URLs of the witnesses that are asked to cosign; whose word counts is said in the root

        inbox:
          max_connections: 5000          # sensors at once (default 5000)
          queue_messages: 8192           # that may wait for the commit; publishers are held back beyond it (default 8192)
          batch_messages: 4096           # most in one transaction (default 4096)
          gap_timeout_seconds: 10        # a number that stays away this long was dropped by its sensor (default 10)
          retention_hours: 48            # raw messages, after they were projected (default 48)
          max_mib: 65536                 # most on disk; beyond it nothing is acknowledged until there is room (default 65536)
          max_rejected: 10000            # undecodable messages kept for study (default 10000)

        store:
          folder: data
          flow_retention_days: 30        # windows and picked flows (default 30)

        correlate:
          join_minutes: 60               # alerts on one address belong together while less lies between them (default 60)

        policy:
          propose: {(policy == "manual" ? "false" : "true")}                  # propose for incidents that meet the conditions below (default true)
          approve: {(policy == "approve" ? "true" : "false")}                 # also approve what it proposed, within a grant (default false)
          min_confidence: 80             # 0 to 100 (default 80)
          foreign_only: true             # never an address of the domestic table (default true)
          step: drop                     # observe, rate-limit or drop (default drop)
          duration_minutes: 60           # where nobody says otherwise (default 60)
          max_duration_minutes: 1440     # (default 1440)
          impact_hours: 24               # how far the estimate of what a measure would hit looks back (default 24)
          never: [{string.Join(", ", never.Select(prefix => $"\"{prefix}\""))}]                      # prefixes never to be mitigated, by policy or person

        metrics:
          otlp_endpoint: ""              # OpenTelemetry collector, OTLP over gRPC; empty: none (default empty)

        log:
          level: warning                 # debug, information, warning or error (default warning)

        """;
}
