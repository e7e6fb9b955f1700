using System.Globalization;
using System.Net;
using System.Text.Json;
using EdgeSensors.EdgeAgent.Configuration;
using EdgeSensors.EdgeAgent.Run;
using EdgeSensors.Metering.Collect.Listen;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>The exporters: where they are listened for, and how each is doing by what a running agent has written down.</summary>
/// <param name="settings">Where is listened, and how.</param>
/// <param name="stateDirectory">Where the running agent writes.</param>
/// <param name="time">The clock.</param>
internal sealed class ExportersCheck(ListenSettings settings, string stateDirectory, TimeProvider time) : ICheck
{
    private const string Area = "Exporters";
    private const int MaxOctets = 32 << 20;
    private const int MostShown = 200;

    /// <summary>The register of an agent that runs is no older.</summary>
    private static readonly TimeSpan s_freshFor = TimeSpan.FromSeconds(60);

    /// <summary>Routers send at least their templates this often.</summary>
    private static readonly TimeSpan s_silence = TimeSpan.FromMinutes(10);

    /// <summary>An exporter's clock may be off by this much: whole seconds are what NetFlow tells.</summary>
    private const double ClockToleranceSeconds = 2;

    /// <summary>Loss below one in so many is no trouble.</summary>
    private const double LossWorthTelling = 0.001;

    /// <inheritdoc/>
    public Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken)
    {
        List<Finding> findings = [.. settings.Urls.Select(Listening)];
        if (!settings.TryMakeOptions(templateFolder: null, out _, out var unreadable))
        {
            findings.Add(new Finding(Area, "tls", Verdict.Fail, unreadable, "name them as input.tls_certificate, input.tls_key and input.tls_ca"));
        }

        findings.AddRange(Read(Path.Combine(stateDirectory, ExporterRegister.FileName)));
        return Task.FromResult<IReadOnlyList<Finding>>(findings);
    }

    private Finding Listening(ListenUrl url)
    {
        var local = IPAddress.IsLoopback(url.EndPoint.Address);
        return url.Transport switch
        {
            ListenTransport.Tls => new Finding(Area, url.ToString(), Verdict.Ok, "exporters show a certificate"),
            ListenTransport.Tcp when !local => new Finding(Area, url.ToString(), Verdict.Warn, "in the clear, from whoever connects", "use tls:// where the exporter can"),
            _ when settings.Exporters.Count == 0 && !local => new Finding(
                Area, url.ToString(), Verdict.Warn, "everybody's exports are believed, and senders of UDP can lie", "name the routers: input.exporters: [192.0.2.1, 192.0.2.2]"),
            _ => new Finding(Area, url.ToString(), Verdict.Ok, settings.Exporters.Count == 0 ? "from this machine only" : $"{settings.Exporters.Count} exporters or prefixes are heard"),
        };
    }

    private IEnumerable<Finding> Read(string path)
    {
        JsonDocument? register = null;
        Finding? trouble = null;
        try
        {
            var file = new FileInfo(path);
            trouble = !file.Exists ? new Finding(Area, "register", Verdict.Warn, "no agent has listened yet", "start it: edgesensors-agent run")
                : file.Length > MaxOctets ? new Finding(Area, "register", Verdict.Warn, $"{path} is none of ours", "delete it; a running agent writes it anew")
                : null;
            register = trouble is null ? JsonDocument.Parse(File.ReadAllBytes(path)) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            trouble = new Finding(Area, "register", Verdict.Warn, $"{path} cannot be read ({exception.Message.TrimEnd('.')})", "run doctor as the agent's user");
        }
        catch (JsonException)
        {
            trouble = new Finding(Area, "register", Verdict.Warn, $"{path} is damaged", "delete it; a running agent writes it anew");
        }

        using (register)
        {
            return trouble is not null ? [trouble] : [.. Describe(register!.RootElement)];
        }
    }

    private IEnumerable<Finding> Describe(JsonElement register)
    {
        var written = DateTimeOffset.FromUnixTimeMilliseconds((long)Math.Clamp(Number(register, "writtenAt"), 0, 253_402_300_799_999));
        var age = time.GetUtcNow() - written;
        yield return age <= s_freshFor
            ? new Finding(Area, "listener", Verdict.Ok, $"{Text(Number(register, "datagrams"))} datagrams and messages, {Text(Number(register, "unreadable"))} unreadable")
            : new Finding(Area, "listener", Verdict.Warn, $"no agent listens: what follows is of {written.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)} UTC", "start it: edgesensors-agent run");
        if (Number(register, "kernelDropped") is > 0 and var dropped)
        {
            yield return new Finding(
                Area, "receive buffer", Verdict.Warn, $"the kernel dropped {Text(dropped)} datagrams; it holds {Text(Number(register, "receiveBufferOctets"))} octets",
                "sysctl -w net.core.rmem_max=67108864 and restart the agent; or raise input.listen_threads");
        }

        if (Number(register, "untrustedSessions") is > 0 and var untrusted)
        {
            yield return new Finding(Area, "tls sessions", Verdict.Warn, $"{Text(untrusted)} were refused", "give the exporter a certificate of the authority in input.tls_ca");
        }

        var shown = 0;
        foreach (var exporter in Items(register, "exporters"))
        {
            if (++shown > MostShown)
            {
                yield return new Finding(Area, "…", Verdict.Ok, $"more are in {ExporterRegister.FileName}");
                break;
            }

            yield return Exporter(exporter, age > s_freshFor ? written : time.GetUtcNow());
        }

        foreach (var found in Items(register, "interfaces").Where(i => Number(i, "inDiscards") > 0 || Number(i, "outDiscards") > 0 || Number(i, "inErrors") > 0 || Number(i, "outErrors") > 0).Take(MostShown))
        {
            yield return new Finding(
                Area, $"{Word(found, "agent")} interface {Text(Number(found, "interface"))}", Verdict.Ok,
                $"discards {Text(Number(found, "inDiscards"))} in, {Text(Number(found, "outDiscards"))} out; errors {Text(Number(found, "inErrors"))} in, {Text(Number(found, "outErrors"))} out (since the router counts)");
        }
    }

    private static Finding Exporter(JsonElement exporter, DateTimeOffset now)
    {
        double Figure(string name) => Number(exporter, name);
        var (flows, missing, sampling, clock) = (Figure("flows"), Figure("missing"), Figure("samplingOneIn"), Figure("clockOffset"));
        var counted = Word(exporter, "format") is "Ipfix" or "NetFlow5" ? flows : Figure("messages");
        var silent = now - DateTimeOffset.FromUnixTimeSeconds((long)Math.Clamp(Figure("lastReceived"), 0, 253_402_300_799));
        var details = new List<string>
        {
            $"{Text(flows)} flows, {Text(Figure("packets"))} packets, {Text(Figure("octets"))} octets",
            sampling >= 1 ? string.Create(CultureInfo.InvariantCulture, $"sampling 1:{sampling:0.###}, scaled {Text(Figure("scaledPackets"))} packets, {Text(Figure("scaledOctets"))} octets") : "sampling unknown",
            $"missing {Text(missing)} in {Text(Figure("gaps"))} gaps",
            string.Create(CultureInfo.InvariantCulture, $"clock {clock:+0.0;-0.0;0.0} s"),
            $"{Text(Figure("templates"))} templates",
        };
        AddUnlessZero("late", "late");
        AddUnlessZero("duplicates", "twice");
        AddUnlessZero("restarts", "restarts");
        AddUnlessZero("discontinuities", "steps in its numbers");
        AddUnlessZero("droppedSets", "sets dropped for want of a template");
        AddUnlessZero("sampleDrops", "samples it failed to take");
        AddUnlessZero("unknownSamplingFlows", "flows of unknown sampling");
        var remedy = (Figure("conflicting") > 0, silent > s_silence, Figure("droppedSets") > 0 || (Figure("templates") == 0 && Figure("heldOctets") > 0), Figure("unknownSamplingFlows") > 0 && sampling < 1) switch
        {
            (true, _, _, _) => "two exporters share this address and domain: give each a source address or an observation domain of its own",
            (_, true, _, _) => $"silent for {silent.TotalMinutes.ToString("0", CultureInfo.InvariantCulture)} minutes: see that it exports to this machine, and that no filter is in between",
            (_, _, true, _) => "data without templates: let the router send its templates every minute",
            (_, _, _, true) => $"state the rate: input.sampling: [{Address(exporter)}=1000] (1 if every packet is looked at), or let the router send its sampler's options",
            _ when missing > LossWorthTelling * (missing + counted) => "lost on the way: look for kernel drops above, and at the path's queues; shorten the router's bursts",
            _ when Figure("sampleDrops") > 0 => "the router cannot sample so densely: raise its sampling rate (look at fewer packets)",
            _ when Math.Abs(clock) > ClockToleranceSeconds => "set the router's clock by NTP (times are told on this machine's clock meanwhile)",
            _ => null,
        };
        return new Finding(
            Area, $"{Word(exporter, "exporter")} {Word(exporter, "format")} domain {Text(Figure("domain"))}", remedy is null ? Verdict.Ok : Verdict.Warn, string.Join(", ", details), remedy);

        void AddUnlessZero(string name, string text)
        {
            if (Figure(name) is > 0 and var value)
            {
                details.Add($"{Text(value)} {text}");
            }
        }
    }

    private static string Address(JsonElement exporter) => IPEndPoint.TryParse(Word(exporter, "exporter"), out var endPoint) ? endPoint.Address.ToString() : "ADDRESS";

    private static List<JsonElement> Items(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var array) && array.ValueKind == JsonValueKind.Array ? [.. array.EnumerateArray()] : [];

    private static double Number(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.Number && member.TryGetDouble(out var value) && double.IsFinite(value) ? value : 0;

    private static string Word(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String
            ? string.Concat(member.GetString()!.Where(letter => !char.IsControl(letter)).Take(64))
            : "?";

    private static string Text(double value) => value.ToString("N0", CultureInfo.InvariantCulture);
}
