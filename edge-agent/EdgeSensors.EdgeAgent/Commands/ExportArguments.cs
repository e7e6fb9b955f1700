using System.CommandLine;
using System.Globalization;
using EdgeSensors.EdgeAgent.Export;
using EdgeSensors.Metering.Export;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>The options of an export.</summary>
internal sealed class ExportArguments
{
    private const int DefaultMessagesPerSecond = 2000;

    private readonly Option<ExportDestination?> _to = new("--to")
    {
        Description = "Where ipfix goes: udp://HOST[:4739], tcp://HOST[:4739], tls://HOST[:4740] or file:PATH.",
        HelpName = "destination",
        CustomParser = result =>
        {
            if (ExportDestination.TryParse(result.Tokens[0].Value, out var destination))
                return destination;
            result.AddError("--to takes udp://HOST:PORT, tcp://HOST:PORT, tls://HOST:PORT or file:PATH.");
            return null;
        },
    };

    private readonly Option<bool> _biflow = new("--biflow") { Description = "ipfix: one record for both directions (RFC 5103) where the collector reads such; else two." };

    private readonly Option<uint> _domain = new("--domain")
    {
        Description = "ipfix: the observation domain id of the flows.",
        HelpName = "number",
        DefaultValueFactory = _ => 1,
        CustomParser = result =>
        {
            if (uint.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var domain) && domain > 0)
                return domain;
            result.AddError($"--domain takes a number from 1 to {uint.MaxValue}.");
            return default;
        },
    };

    private readonly Option<int> _rate = new("--rate")
    {
        Description = "ipfix over udp: most messages a second; 0 for no limit.",
        HelpName = "messages",
        DefaultValueFactory = _ => DefaultMessagesPerSecond,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var rate))
                return rate;
            result.AddError("--rate takes messages a second, or 0 for no limit.");
            return default;
        },
    };

    private readonly Option<string?> _tlsCa = new("--tls-ca") { Description = "ipfix over tls: PEM file of the authorities of the collector's certificate (default: the system's).", HelpName = "file" };
    private readonly Option<string?> _tlsCertificate = new("--tls-cert") { Description = "ipfix over tls: PEM file of our certificate and its chain.", HelpName = "file" };
    private readonly Option<string?> _tlsKey = new("--tls-key") { Description = "ipfix over tls: PEM file of its key (default: the certificate's file).", HelpName = "file" };

    /// <summary>Adds the options, and the rules between them.</summary>
    public void AddTo(Command command, Option<string> format)
    {
        Option[] options = [_to, _biflow, _domain, _rate, _tlsCa, _tlsCertificate, _tlsKey];
        foreach (var option in options)
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            var ipfix = result.GetValue(format) == "ipfix";
            var given = options.FirstOrDefault(option => result.GetResult(option) is { Implicit: false });
            if (ipfix && result.GetResult(_to) is not { Implicit: false })
                result.AddError("--format ipfix needs --to: a collector or a file.");
            else if (!ipfix && given is not null)
                result.AddError($"{given.Name} goes with --format ipfix.");
            else if (result.GetResult(_tlsKey) is { Implicit: false } && result.GetResult(_tlsCertificate) is not { Implicit: false })
                result.AddError("--tls-key goes with --tls-cert.");
        });
    }

    /// <summary>What was asked; null without a destination.</summary>
    public ExportSettings? Settings(ParseResult parsed) => parsed.GetValue(_to) is not { } to ? null : new ExportSettings(
        to,
        new IpfixExporterOptions { ObservationDomainId = parsed.GetValue(_domain), Biflows = parsed.GetValue(_biflow) },
        parsed.GetValue(_rate),
        new ExportTlsFiles(parsed.GetValue(_tlsCa), parsed.GetValue(_tlsCertificate), parsed.GetValue(_tlsKey)));
}
