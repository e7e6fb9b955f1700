using System.CommandLine;
using System.Diagnostics;
using System.Net;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>publish</c>: from a changed rule set to the synced timestamp, and from there to the verified rules, on the disk at hand.</summary>
internal static class PublishCommand
{
    private const int Rounds = 60;
    private static readonly OperatorId Issuer = OperatorId.Parse("national-soc");

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "A directory on the disk to be measured; a folder is made in it and removed." };
        var operators = new Option<int>("--operators") { Description = "Operators with a delegation of their own.", DefaultValueFactory = _ => 20 };
        var rules = new Option<int>("--rules") { Description = "Rules in force.", DefaultValueFactory = _ => 1 };
        var command = new Command("publish", "Publish rule sets and verify them, one after the other, and say what one took.") { directory, operators, rules };
        command.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(directory), parsed.GetValue(operators), parsed.GetValue(rules)));
        return command;
    }

    private static async Task<int> RunAsync(string directory, int operatorCount, int ruleCount)
    {
        var folder = Path.Combine(directory, $"edgesensors-publish-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            if (!Passphrase.TryCreate("only for measuring", out var passphrase)
                || !Found(folder, operatorCount, passphrase).TryGet(out var repository, out var error))
            {
                Console.Error.WriteLine("No repository can be made there.");
                return 1;
            }

            if (!OnlineKeys.TryLoad(Path.Combine(folder, "online"), out var keys, out _) || !repository.ReadRoot().TryGet(out var root, out error))
            {
                return 1;
            }

            var client = new TufClient(
                new DirectoryTransport(repository.MetadataDirectory, repository.TargetsDirectory),
                new DirectoryMetadataStore(Path.Combine(folder, "client")),
                TimeProvider.System,
                TufLimits.Default,
                new DirectoryTargetStore(Path.Combine(folder, "targets")));
            client.Initialize(root);

            var (published, verified) = (new List<double>(), new List<double>());
            for (var round = 1; round <= Rounds; round++)
            {
                var set = new RuleSet { Revision = round, Rules = [.. Enumerable.Range(0, ruleCount).Select(Rule)] };
                var started = Stopwatch.GetTimestamp();
                if (!repository.Publish(new RepositoryChange().Set(set), keys).TryGet(out _, out error))
                {
                    Console.Error.WriteLine(error);
                    return 1;
                }

                published.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                started = Stopwatch.GetTimestamp();
                if (!(await client.RefreshAsync(CancellationToken.None)).TryGet(out var current, out var refused)
                    || !(await current.FetchTargetAsync(TargetNames.Rules, CancellationToken.None)).TryGet(out _, out refused))
                {
                    Console.Error.WriteLine(refused);
                    return 1;
                }

                verified.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Report("decided to published", published);
            Report("published to verified and stored", verified);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>A repository with as many operators, each with a delegation of its own; its online keys are in <c>online</c>.</summary>
    internal static RepositoryResult<TufRepository> Found(string folder, int operatorCount, Passphrase passphrase) => TufRepository.Found(
        new RepositoryFolders(Path.Combine(folder, "repository"), Path.Combine(folder, "online"), Path.Combine(folder, "offline")),
        new RepositoryPlan { Operators = [.. Enumerable.Range(0, operatorCount).Select(i => OperatorId.Parse($"carrier-{i}"))], Issuers = [Issuer] },
        passphrase,
        new KeyProtection(8, 1),
        RepositoryOptions.Default,
        TimeProvider.System);

    private static MitigationRule Rule(int number)
    {
        var now = UnixMilliseconds.Now(TimeProvider.System);
        var end = new UnixMilliseconds(now.Value + 3_600_000);
        return new MitigationRule
        {
            Id = DocumentId.Parse($"rule-{number}"),
            Grant = new GrantRef(Issuer, DocumentId.Parse("scanners")),
            Tier = DocumentId.Parse("single"),
            Approvals = new RuleApprovals(1, true),
            Because = "its source is proven",
            OpenC2 = new SlpfCommand
            {
                Target = Prefix.Of(new IPAddress([198, 18, (byte)(number >> 8), (byte)number])),
                Direction = SlpfDirection.Ingress,
                StartTime = now,
                StopTime = end,
            },
            ReasonText = "scan",
            Sensors = [SensorPattern.All],
            Step = MitigationStep.Drop,
            ExpectedCollateral = "none known",
            NotAfter = end,
        };
    }

    private static void Report(string what, List<double> milliseconds)
    {
        milliseconds.Sort();
        Console.WriteLine($"{what}: median {milliseconds[Rounds / 2]:0.0} ms, 95 % {milliseconds[Rounds * 95 / 100]:0.0} ms, longest {milliseconds[^1]:0.0} ms");
    }
}
