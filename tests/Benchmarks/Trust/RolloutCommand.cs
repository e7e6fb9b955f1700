using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Tests;
using Spectre.Console;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>rollout</c>: from approval to enforced, and from revocation to gone, on many real agents at once, with the hub's publication and the witness between.</summary>
internal static class RolloutCommand
{
    private const int KernelsLookedAt = 10;
    public static Command Create()
    {
        var agents = new Option<int>("--agents") { Description = $"Gateways, each a process in a namespace of its own; at most {Fleet.MaxGateways}.", DefaultValueFactory = _ => 50 };
        var rounds = new Option<int>("--rounds") { Description = "Mitigations, approved one after the other and then taken back one after the other.", DefaultValueFactory = _ => 20 };
        var program = new Option<string?>("--agent") { Description = "The agent's program as published (default: the one that was built with this)." };
        var idle = new Option<int>("--idle") { Description = "Seconds without an update before the first approval; beyond 120 each gateway has to connect anew for it.", DefaultValueFactory = _ => 0 };
        var parent = new Option<string?>("--folder") { Description = "Where folders are made (default: the temporary folder)." };
        var command = new Command("rollout", "Milliseconds from an approval to its enforcement on every gateway of a fleet, and from a revocation to its end.") { agents, rounds, program, idle, parent };
        command.SetAction(async (parsed, stop) =>
        {
            var folder = Path.Combine(parsed.GetValue(parent) ?? Path.GetTempPath(), $"edgesensors-rollout-{Environment.ProcessId}");
            Directory.CreateDirectory(folder);
            try
            {
                await RunAsync(folder, Math.Clamp(parsed.GetValue(agents), 1, Fleet.MaxGateways), parsed.GetValue(rounds), parsed.GetValue(program), TimeSpan.FromSeconds(parsed.GetValue(idle)), stop);
                return 0;
            }
            catch (Exception e) when (e is ProgramException or NetworkSetupException)
            {
                Console.Error.WriteLine(e.Message);
                return 1;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static async Task RunAsync(string folder, int agents, int rounds, string? program, TimeSpan idle, CancellationToken stop)
    {
        var (approvals, revocations) = (new List<RolloutRound>(), new List<RolloutRound>());
        var began = Stopwatch.GetTimestamp();
        Fleet? fleet = null;
        try
        {
            await AnsiConsole.Progress().HideCompleted(false).Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn()).StartAsync(async progress =>
            {
                var starting = progress.AddTask($"{agents} agents start", maxValue: agents);
                var approving = progress.AddTask("approved → enforced", maxValue: rounds);
                var revoking = progress.AddTask("revoked → gone", maxValue: rounds);
                fleet = await Fleet.FoundAsync(folder, agents, program, stop);
                await fleet.StartAgentsAsync(count => starting.Value = count, stop);
                await Task.Delay(idle, stop);
                Usage.Start(fleet);
                var ids = new List<string>();
                for (var round = 0; round < rounds; round++, approving.Increment(1))
                {
                    var (id, refused) = await fleet.Hub.Api.ProposeAsync($"203.0.113.{round + 1}", "measured", FleetGrant.AtOnce, [], stop);
                    ids.Add(id ?? throw new ProgramException($"the hub refuses: {refused}"));
                    approvals.Add(await RolloutRound.ApproveAsync(fleet, id, stop));
                    Fleet.CheckKernels(Sample(fleet, round), ids);
                }

                Fleet.CheckKernels(fleet.Gateways, ids);
                for (var round = 0; round < rounds; round++, revoking.Increment(1))
                {
                    revocations.Add(await RolloutRound.RevokeAsync(fleet, ids[round], stop));
                    Fleet.CheckKernels(Sample(fleet, round), ids[(round + 1)..]);
                }

                Fleet.CheckKernels(fleet.Gateways, []);
            });
            Report(approvals, revocations);
            if (idle > TimeSpan.Zero)
            {
                Console.WriteLine($"the first approval, after {idle.TotalSeconds:0} s without an update: {string.Join(", ", Cells([approvals[0]], (round, gateway) => gateway.Effective - round.Asked))} ms (p50, p99, most)");
            }

            Usage.Report(fleet!, approvals.Count + revocations.Count);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{agents} agents, {rounds} approvals and {rounds} revocations in {Stopwatch.GetElapsedTime(began).TotalSeconds:0} s; kernels read after each: one in {KernelsLookedAt}, at the ends all"));
        }
        finally
        {
            fleet?.Dispose();
        }
    }

    // Reading a kernel takes as long as changing it: not all of them each time.
    private static IEnumerable<Gateway> Sample(Fleet fleet, int round) => fleet.Gateways.Where((_, place) => (place - round) % KernelsLookedAt == 0);

    private static void Report(List<RolloutRound> approvals, List<RolloutRound> revocations)
    {
        var table = new Table().AddColumns("ms", "p50", "p99", "most").AddColumns("reverts: p50", "p99", "most");
        foreach (var column in table.Columns.Skip(1))
        {
            column.RightAligned();
        }

        Row("[bold]decision to effect[/]", (round, gateway) => gateway.Effective - round.Asked);
        Row("  decided and durable", (round, _) => round.Answered - round.Asked);
        Row("  to signed and synced", (round, _) => round.Signed - round.Asked);
        Row("  logged, cosigned, proved", (round, _) => round.Cosigned - round.Signed);
        Row("  proved to announced", (round, _) => round.Announced - round.Cosigned);
        Row("  proved to fetched", (round, gateway) => gateway.Fetched - round.Cosigned);
        Row("  to all of it verified", (_, gateway) => gateway.Verified - gateway.Fetched);
        Row("  to the kernel", (_, gateway) => gateway.Effective - gateway.Verified);
        Row("effect to known", (_, gateway) => gateway.Told - gateway.Effective);
        AnsiConsole.Write(table);

        void Row(string what, Func<RolloutRound, GatewayTimes, TimeSpan> took) => table.AddRow([what, .. Cells(approvals, took), .. Cells(revocations, took)]);
    }

    private static IEnumerable<string> Cells(List<RolloutRound> rounds, Func<RolloutRound, GatewayTimes, TimeSpan> took)
    {
        var sorted = rounds.SelectMany(round => round.Gateways.Select(gateway => took(round, gateway).TotalMilliseconds)).Order().ToList();
        return new[] { sorted[sorted.Count / 2], sorted[(int)Math.Ceiling(sorted.Count * 0.99) - 1], sorted[^1] }.Select(value => value.ToString("0", CultureInfo.InvariantCulture));
    }

    /// <summary>What the programs took of the machine.</summary>
    private static class Usage
    {
        private static Dictionary<int, TimeSpan> s_before = [];

        public static void Start(Fleet fleet) => s_before = All(fleet).ToDictionary(id => id, Cpu);

        public static void Report(Fleet fleet, int rounds)
        {
            var resident = fleet.Gateways.Select(gateway => ResidentKiB(gateway.Agent.Id, "Rss")).ToList();
            var own = fleet.Gateways.Select(gateway => ResidentKiB(gateway.Agent.Id, "Pss")).ToList();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"CPU a round: hub {Since([fleet.Hub.Serving.Id]) / rounds:0} ms, witness {Since([fleet.Hub.Witness.Serving.Id]) / rounds:0} ms, an agent with its nft {Since(fleet.Gateways.Select(gateway => gateway.Agent.Id)) / rounds / fleet.Gateways.Count:0.0} ms; an agent's memory: resident {resident.Average() / 1024:0} MiB, its share {own.Average() / 1024:0} MiB"));
        }

        private static IEnumerable<int> All(Fleet fleet) => [fleet.Hub.Serving.Id, fleet.Hub.Witness.Serving.Id, .. fleet.Gateways.Select(gateway => gateway.Agent.Id)];

        private static double Since(IEnumerable<int> processes) => processes.Sum(id => (Cpu(id) - s_before[id]).TotalMilliseconds);

        // proc(5): the process's own time and that of the children that it waited for, in hundredths of a second.
        private static TimeSpan Cpu(int process)
        {
            var stat = File.ReadAllText($"/proc/{process}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return TimeSpan.FromMilliseconds(10 * fields[11..15].Sum(field => long.Parse(field, CultureInfo.InvariantCulture)));
        }

        private static long ResidentKiB(int process, string what) => File.ReadLines($"/proc/{process}/smaps_rollup")
            .Where(line => line.StartsWith(what + ":", StringComparison.Ordinal))
            .Select(line => long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture)).First();
    }
}
