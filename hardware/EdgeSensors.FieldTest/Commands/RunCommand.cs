using System.CommandLine;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.FieldTest.Ring;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.Protocol;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Commands;

/// <summary><c>run ring</c>: plays a scenario and exits 0 only if every expectation held.</summary>
internal static class RunCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var scenario = new Argument<string?>("SCENARIO") { Description = "A name that list shows, or a scenario file (docs/field-test.md).", Arity = ArgumentArity.ZeroOrOne };
        var seed = Parsing.Number("--seed", "Everything that is left to chance: the same seed gives the same run.", "N", 1, 0, int.MaxValue);
        var speed = Parsing.Number("--speed", "Times real time, for emulated taps; 0 for as fast as possible.", "X", 0, 0, 1_000_000);
        var longer = Parsing.Number("--longer", "So many times as long: what comes again and again comes so many times as often.", "N", 1, 1, 10_000);
        var keep = new Option<bool>("--keep") { Description = "Goes on after its end, to be looked at, until Ctrl-C." };
        var taps = Parsing.Number("--taps", "So many emulated taps of each name; without a scenario: in real time, on a real hub.", "N", 0, 0, Scenarios.ScenarioSchema.MostTaps);
        var lasts = Parsing.Number("--for", "Without a scenario: how many seconds are measured once all are connected.", "SECONDS", 90, 1, 86_400);
        var results = new Option<string?>("--results") { Description = "Where the result goes (default: field-test-results/SCENARIO).", HelpName = "FOLDER" };
        var command = new Command("run", "Play a scenario.") { CreateRing(), scenario, seed, speed, longer, keep, taps, lasts, results };
        command.SetAction((parsed, stop) =>
        {
            var name = parsed.GetValue(scenario);
            foreach (var option in name is null ? (Option[])[speed, longer, keep] : [lasts])
            {
                if (parsed.GetResult(option) is { Implicit: false })
                {
                    Console.Error.WriteLine($"error[usage]: {option.Name} is for run {(name is null ? "SCENARIO" : "--taps N without a scenario")}; leave it out.");
                    return Task.FromResult(ExitCode.Usage);
                }
            }

            if (name is null)
            {
                if (parsed.GetValue(taps) > 0)
                {
                    return ScenarioAction.PlayLiveAsync((int)parsed.GetValue(taps), TimeSpan.FromSeconds(parsed.GetValue(lasts)), (long)parsed.GetValue(seed), parsed.GetValue(results), stop);
                }

                Console.Error.WriteLine("error[usage]: run takes a scenario. See edgesensors-fieldtest list.");
                return Task.FromResult(ExitCode.Usage);
            }

            var options = new RunOptions
            {
                Seed = (long)parsed.GetValue(seed),
                Speed = parsed.GetValue(speed),
                Keep = parsed.GetValue(keep),
                Taps = (int)parsed.GetValue(taps),
                Longer = (int)parsed.GetValue(longer),
            };
            return ScenarioAction.PlayAsync(name, options with { Repeat = options.CommandLine(name) }, parsed.GetValue(results), stop);
        });
        return command;
    }

    private static Command CreateRing()
    {
        var capture = new Option<string?>("--capture") { Description = "A pcap or pcapng file to replay (default: a real one from ../shared/data, or generated traffic).", HelpName = "FILE" };
        var inside = new Option<Prefix[]>("--inside")
        {
            Description = "The protected network (default: derived, " + Traffic.InsideNetwork.DerivationRule + ").",
            HelpName = "PREFIX",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var prefixes = new List<Prefix>();
                foreach (var token in result.Tokens)
                {
                    if (!Prefix.TryParse(token.Value, out var prefix))
                    {
                        result.AddError($"'{token.Value}' is not a prefix such as 192.0.2.0/24 or 2001:db8::/32 with its host bits zero.");
                        return [];
                    }

                    prefixes.Add(prefix);
                }

                return [.. prefixes];
            },
        };
        var speed = Parsing.Number("--speed", "Times the capture's own pace.", "X", 1, 0.01, 10_000);
        var silence = Parsing.Number("--max-silence", "A longer silence in the capture is cut to this many seconds.", "SECONDS", 2, 0.01, 3600);
        var patience = Parsing.Number("--patience", "How many seconds to wait for the block.", "SECONDS", 60, 1, 3600);
        var within = Parsing.Number("--within", "The longest that may pass from the alert to the first drop.", "SECONDS", Judge.SlowestSeconds, 0.01, 3600);
        var seed = Parsing.Number("--seed", "For the traffic that is generated where there is no capture.", "N", 1, 0, int.MaxValue);
        var result = new Option<string>("--result") { Description = "Where the result goes; the logs lie beside it.", HelpName = "FILE", DefaultValueFactory = _ => new RingOptions().Result };
        var expect = new Option<ExpectedOutcome>("--expect") { Description = "How it should end: block, detect (seen, but spoofable) or nothing.", HelpName = "block|detect|nothing", DefaultValueFactory = _ => ExpectedOutcome.Block };
        expect.AcceptOnlyFromAmong("block", "detect", "nothing");
        var dry = new Option<bool>("--dry") { Description = "Do without network namespaces: the agent reads the replay from a file and enforces nothing." };

        var ring = new Command(RingScenario.Name, "Once around: a capture goes in, a signed block comes out and is enforced.") { capture, inside, speed, silence, patience, within, seed, result, expect, dry };
        ring.SetAction((parsed, stop) => PlayAsync(
            new RingOptions
            {
                Capture = parsed.GetValue(capture),
                Inside = parsed.GetValue(inside) ?? [],
                Speed = parsed.GetValue(speed),
                LongestSilence = TimeSpan.FromSeconds(parsed.GetValue(silence)),
                Patience = TimeSpan.FromSeconds(parsed.GetValue(patience)),
                SlowestReaction = TimeSpan.FromSeconds(parsed.GetValue(within)),
                Seed = (int)parsed.GetValue(seed),
                Result = parsed.GetRequiredValue(result),
                Expected = parsed.GetValue(expect),
                Dry = parsed.GetValue(dry),
            },
            stop));
        return ring;
    }

    private static async Task<int> PlayAsync(RingOptions options, CancellationToken stop)
    {
        var screen = new Screen(AnsiConsole.Console);
        try
        {
            return await new RingScenario(options, screen, TimeProvider.System).RunAsync(stop) ? ExitCode.Ok : ExitCode.Failed;
        }
        catch (ProgramException e)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message}");
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("error[stopped]: hub, agent and network are gone, and there is no result");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or Network.NetworkSetupException)
        {
            await Console.Error.WriteLineAsync($"error[run]: {e.Message.ReplaceLineEndings(" ")}");
        }

        return ExitCode.Failed;
    }
}
