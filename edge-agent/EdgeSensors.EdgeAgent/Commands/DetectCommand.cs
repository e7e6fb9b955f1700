using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Detect;
using EdgeSensors.Metering.Flows;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary><c>edgesensors-agent detect FILE…</c>: what the detectors of <c>run</c> find in capture files. Stays on this machine; so addresses are in clear.</summary>
internal static class DetectCommand
{
    /// <summary>A seed that is the same in each run: here nobody chooses addresses against it, and results can be compared.</summary>
    private const ulong Seed = 1;

    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "pcap or pcapng capture files.", Arity = ArgumentArity.OneOrMore };
        files.Validators.Add(Usage.RefuseOptions);
        var command = new Command("detect", "Print what the detectors find in capture files, one JSON object a finding.") { files };
        command.SetAction((parsed, cancellationToken) => Task.FromResult(Run(parsed.GetRequiredValue(files), cancellationToken)));
        return command;
    }

    private static int Run(IReadOnlyList<string> paths, CancellationToken cancellationToken)
    {
        var exit = ExitCode.Ok;
        using var output = Console.OpenStandardOutput();
        foreach (var path in paths)
        {
            if (!CaptureFile.TryOpen(path, out var capture, out var error))
            {
                Console.Error.WriteLine($"error: {error.Message}");
                exit = ExitCode.Failed;
                continue;
            }

            using (capture)
            {
                var findings = new LastOfEach();
                Examine(capture, findings, cancellationToken);
                findings.Write(output, path);
                if (capture.Error is { } broken)
                {
                    Console.Error.WriteLine($"error: {broken.Message}");
                    exit = ExitCode.Failed;
                }
            }
        }

        return exit;
    }

    private static void Examine(CaptureFile capture, LastOfEach findings, CancellationToken cancellationToken)
    {
        var flows = new FlowTable(new FlowTableOptions { HashSeed = Seed }, findings);
        var engine = new DetectionEngine(new DetectorOptions(), Seed, flows, findings);
        CapturedPacket packet = default;
        while (capture.Read(ref packet) == PacketRead.Packet && !cancellationToken.IsCancellationRequested)
        {
            FrameDecoder.Decode(packet.LinkType, packet.Data, packet.OriginalLength, packet.TimestampNs, out var header);
            if (header.IpVersion == 0)
            {
                continue;
            }

            flows.Complete(ref header);
            ref readonly var record = ref flows.Add(in header);
            engine.Add(in header, in record);
            if (header.QuotedOffset != 0 && FrameDecoder.TryDecodeQuoted(packet.Data, in header, out var quoted))
            {
                flows.MarkRefused(in quoted);
            }
        }

        engine.Flush();
    }

    private sealed class LastOfEach : IDetectionConsumer, IBiflowConsumer
    {
        private readonly Dictionary<ulong, Detection> _last = [];
        private readonly Dictionary<ulong, long> _decidedNs = [];

        public void OnDetection(Detection detection)
        {
            _last[detection.EventId] = detection;
            _decidedNs.TryAdd(detection.EventId, detection.DecidedNs);
        }

        public void OnBiflow(ref readonly BiflowRecord record)
        {
        }

        public void Write(Stream output, string path)
        {
            foreach (var finding in _last.Values)
            {
                using (var json = new Utf8JsonWriter(output))
                {
                    json.WriteStartObject();
                    json.WriteString("file", path);
                    json.WriteString("kind", finding.Kind.ToString());
                    json.WriteString("subject", finding.Subject.ToString());
                    json.WriteNumber("protocol", (byte)finding.Protocol);
                    json.WriteNumber("port", finding.Port);
                    json.WriteNumber("confidence", finding.Confidence);
                    json.WriteNumber("failedAttempts", finding.FailedAttempts);
                    json.WriteNumber("attempts", finding.Attempts);
                    json.WriteNumber("addresses", finding.DistinctAddresses);
                    json.WriteNumber("ports", finding.DistinctPorts);
                    json.WriteNumber("packets", finding.PacketCount);
                    json.WriteNumber("peakPacketsPerSecond", finding.PeakPacketsPerSecond);
                    json.WriteBoolean("sourceProven", finding.SourceProven);
                    json.WriteString("secondsToAlert", ((_decidedNs[finding.EventId] - finding.FirstNs) / 1e9).ToString("F3", CultureInfo.InvariantCulture));
                    json.WriteEndObject();
                }

                output.Write("\n"u8);
            }
        }
    }
}
