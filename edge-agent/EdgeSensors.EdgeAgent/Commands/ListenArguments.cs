using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.Metering.Collect.Listen;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>The options of listening for routers' exports.</summary>
internal sealed class ListenArguments
{
    private readonly Option<ListenUrl[]> _listen = new("--listen")
    {
        Description = "Take IPFIX, NetFlow v5 and v9 and sFlow v5 in instead of a file: udp://0.0.0.0:4739, tcp://[::]:4739 or tls://192.0.2.1:4740; may be given several times.",
        HelpName = "url",
        DefaultValueFactory = _ => [],
        CustomParser = result => ParseAll<ListenUrl>(result, (string text, out ListenUrl? url) => ListenUrl.TryParse(text, out url, out _), "--listen takes URLs such as udp://0.0.0.0:4739, tcp://[::]:4739 or tls://192.0.2.1:4740."),
    };

    private readonly Option<SamplingStatements> _sampling = new("--sampling")
    {
        Description = "One packet in how many exporters look at, whatever they say: 1000, 192.0.2.1=1000 or 2001:db8::/32=512; may be given several times.",
        HelpName = "rate",
        CustomParser = result =>
        {
            if (SamplingStatements.TryParse(result.Tokens.Select(token => token.Value), out var statements))
                return statements;
            result.AddError($"--sampling {SamplingStatements.Takes}.");
            return SamplingStatements.None;
        },
    };

    private readonly Option<Prefix[]> _exporters = new("--exporter")
    {
        Description = "Hear this exporter (address or prefix) and no other; may be given several times.",
        HelpName = "prefix",
        DefaultValueFactory = _ => [],
        CustomParser = result => ParseAll<Prefix>(result, PrefixOrAddress.TryParse, "--exporter takes an address or a prefix with its host bits zero, such as 192.0.2.0/24."),
    };

    private readonly Option<double?> _for = new("--for")
    {
        Description = "Listen for so many seconds (default: until Ctrl-C).",
        HelpName = "seconds",
        CustomParser = result =>
        {
            if (double.TryParse(result.Tokens[0].Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= 0.1 and <= 31_536_000)
                return seconds;
            result.AddError("--for takes seconds from 0.1 to 31536000 (a year).");
            return null;
        },
    };

    private readonly Option<long?> _count = new("--count")
    {
        Description = "End after so many flow records.",
        HelpName = "records",
        CustomParser = result =>
        {
            if (long.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
                return count;
            result.AddError("--count takes a number of flow records.");
            return null;
        },
    };

    /// <summary>How many threads; reading a file takes it too. 0 where it was not said.</summary>
    public Option<int> Workers { get; } = new("--workers")
    {
        Description = "Threads that share the work. A file's result is the same for any number (default: one a core, at most 4); exports are divided by sender (default: one a core, at most 8).",
        HelpName = "threads",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var workers) && workers is >= 1 and <= ListenOptions.MaxWorkers)
                return workers;
            result.AddError($"--workers takes 1 to {ListenOptions.MaxWorkers}.");
            return default;
        },
    };

    private readonly Option<string?> _certificate = new("--server-cert") { Description = "tls: PEM file of our certificate.", HelpName = "file" };
    private readonly Option<string?> _key = new("--server-key") { Description = "tls: PEM file of its key (default: the certificate's file).", HelpName = "file" };
    private readonly Option<string?> _authority = new("--client-ca") { Description = "tls: PEM file of the authorities of exporters' certificates.", HelpName = "file" };

    private delegate bool Parser<T>(string text, out T? value);

    /// <summary>Adds the options, and the rules between them.</summary>
    /// <param name="command">The command.</param>
    /// <param name="file">The capture file, which listening takes the place of.</param>
    /// <param name="format">How flows are printed.</param>
    /// <param name="ofFile">What says how packets become flows; exporters have done that already.</param>
    public void AddTo(Command command, Argument<string?> file, Option<string> format, Option[] ofFile)
    {
        Option[] options = [_listen, _sampling, _exporters, _for, _count, _certificate, _key, _authority];
        foreach (var option in options)
            command.Options.Add(option);
        command.Options.Add(Workers);
        command.Validators.Add(result =>
        {
            var listens = result.GetResult(_listen) is { Implicit: false };
            if (listens && result.GetResult(file) is { Tokens.Count: > 0 })
                result.AddError("--listen takes the place of FILE; give one of them.");
            else if (!listens && result.GetResult(file) is not { Tokens.Count: > 0 })
                result.AddError("Required argument 'FILE' missing; or give --listen.");
            else if (!listens && options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } given)
                result.AddError($"{given.Name} goes with --listen.");
            else if (listens && ofFile.FirstOrDefault(option => result.GetResult(option) is { Implicit: false }) is { } idle)
                result.AddError($"{idle.Name} goes with FILE; exporters make their flows themselves.");
            else if (listens && result.GetValue(format) == "ipfix")
                result.AddError("--listen prints what it takes; --format ipfix goes with FILE.");
        });
    }

    /// <summary>What was asked; null without <c>--listen</c>.</summary>
    public ListenSettings? Settings(ParseResult parsed) => parsed.GetValue(_listen) is not { Length: > 0 } urls ? null : new ListenSettings
    {
        Urls = urls,
        Sampling = parsed.GetValue(_sampling) ?? SamplingStatements.None,
        Exporters = parsed.GetValue(_exporters) ?? [],
        Workers = parsed.GetValue(Workers),
        CertificatePath = parsed.GetValue(_certificate),
        KeyPath = parsed.GetValue(_key),
        AuthorityPath = parsed.GetValue(_authority),
    };

    /// <summary>When to end by itself.</summary>
    public ListenLimit Limit(ParseResult parsed) =>
        new(parsed.GetValue(_for) is { } seconds ? TimeSpan.FromSeconds(seconds) : Timeout.InfiniteTimeSpan, parsed.GetValue(_count) ?? long.MaxValue);

    private static T[] ParseAll<T>(ArgumentResult result, Parser<T> parse, string error)
    {
        var values = new List<T>();
        foreach (var token in result.Tokens)
        {
            if (!parse(token.Value, out var value))
            {
                result.AddError(error);
                return [];
            }

            values.Add(value!);
        }

        return [.. values];
    }
}

/// <summary>When listening ends by itself.</summary>
/// <param name="Time">After this time; infinite for never.</param>
/// <param name="Records">After so many flow records.</param>
internal readonly record struct ListenLimit(TimeSpan Time, long Records);
