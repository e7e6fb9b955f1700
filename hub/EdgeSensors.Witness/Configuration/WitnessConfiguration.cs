using System.Collections;
using System.Net;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Witness.Configuration;

/// <summary>What <c>witness.yaml</c> says; every path absolute, every value within its bounds.</summary>
internal sealed record WitnessConfiguration
{
    /// <summary>The name that it cosigns under.</summary>
    public required string Name { get; init; }

    /// <summary>The folder of its key.</summary>
    public required string Key { get; init; }

    /// <summary>The folder of what it remembers.</summary>
    public required string State { get; init; }

    /// <summary>The folder where it notes once more what it cosigned last, apart from the state.</summary>
    public required string Mark { get; init; }

    /// <summary>The folder of the logs that it trusts.</summary>
    public required string Logs { get; init; }

    /// <summary>Where logs submit checkpoints.</summary>
    public required IPEndPoint Listen { get; init; }

    /// <summary>PEM files of a certificate and its key for that; null: plain HTTP, which is enough, since what comes and goes is signed.</summary>
    public (string Certificate, string Key)? Tls { get; init; }

    /// <summary>Where people read what was logged.</summary>
    public required IPEndPoint View { get; init; }

    /// <summary>How often entries and preimages are looked for when no checkpoint came.</summary>
    public TimeSpan MirrorEvery { get; init; } = TimeSpan.FromMinutes(1);

    public LogLevel LogLevel { get; init; } = LogLevel.Warning;

    /// <summary>Reads the file; relative paths start at its folder. Throws <see cref="ConfigurationException"/> with one line for a person.</summary>
    public static WitnessConfiguration Load(string path)
    {
        var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Select(pair => KeyValuePair.Create((string)pair.Key, (string?)pair.Value ?? ""));
        if (Directory.Exists(path))
        {
            throw new ConfigurationException($"{path} is a folder; give the file in it: {Path.Combine(path, "witness.yaml")}");
        }

        try
        {
            using var reader = File.OpenText(path);
            return Read(Path.GetFullPath(path), reader, environment);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"{path} cannot be read ({e.Message.TrimEnd('.')}); make one with: edgesensors-witness init DIR");
        }
    }

    public static WitnessConfiguration Read(string path, TextReader yaml, IEnumerable<KeyValuePair<string, string>> environment)
    {
        var s = new YamlSettings(path, yaml, environment);
        var home = Path.GetDirectoryName(path)!;
        string Rooted(string relative) => Path.GetFullPath(relative, home);
        IPEndPoint EndPoint(string section, int port)
        {
            var text = s.Text($"{section}.address", "127.0.0.1");
            return IPAddress.TryParse(text, out var address)
                ? new IPEndPoint(address, s.Number($"{section}.port", port, 1, 65_535))
                : throw s.Fault($"{section}.address", $"is '{text}'; it must be an IP address of this machine, or 0.0.0.0 or ::");
        }

        var name = s.Required("witness.name");
        var certificate = s.Text("listen.certificate", "");
        var key = s.Text("listen.key", "");
        if (certificate.Length == 0 != (key.Length == 0))
        {
            throw s.Fault("listen.certificate", "and listen.key must both be there or both be empty");
        }

        var configuration = new WitnessConfiguration
        {
            Name = NoteKey.IsName(name) ? name : throw s.Fault("witness.name", $"is '{name}'; it must be 1 to 200 characters without spaces and '+'"),
            Key = Rooted(s.Text("witness.key", "key")),
            State = Rooted(s.Text("witness.state", "state")),
            Mark = Rooted(s.Text("witness.mark", "mark")),
            Logs = Rooted(s.Text("witness.logs", "logs")),
            MirrorEvery = TimeSpan.FromSeconds(s.Number("witness.mirror_seconds", 60, 1, 86_400)),
            Listen = EndPoint("listen", 8550),
            Tls = certificate.Length == 0 ? null : (Rooted(certificate), Rooted(key)),
            View = EndPoint("view", 8551),
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

    /// <summary>The file that init writes: every key, its default and its unit.</summary>
    public static string Template(string name, string address, int port, int viewPort) => $"""
        # edgesensors-witness. Paths start at this file's folder. An environment variable EDGESENSORS__SECTION__KEY overrides a key.
        # A key that is not known here is refused.

        witness:
          name: "{name}"                 # the name that it cosigns under; it is part of its key
          key: key                       # folder of its private key
          state: state                   # folder of what it has cosigned; a copy of an older state must never be put back
          mark: mark                     # folder where it notes once more what it cosigned last; never copied or put back with the state (default mark)
          logs: logs                     # folder of the logs that it trusts (edgesensors-witness trust)
          mirror_seconds: 60             # entries and preimages are fetched at each checkpoint, and this often (default 60)

        listen:
          address: "{address}"           # where hubs submit checkpoints (default 127.0.0.1)
          port: {port}                   # (default 8550)
          certificate: ""                # PEM; empty: plain HTTP, which is enough, since what comes and goes is signed (default empty)
          key: ""                        # PEM (default empty)

        view:
          address: "127.0.0.1"           # where people read what was logged; whoever reaches it can read everything (default 127.0.0.1)
          port: {viewPort}               # (default 8551)

        log:
          level: warning                 # debug, information, warning or error (default warning)

        """;
}
