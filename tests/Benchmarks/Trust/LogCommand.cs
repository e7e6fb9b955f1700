extern alias witness;
using System.CommandLine;
using System.Diagnostics;
using System.Security.Cryptography;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Log;
using Microsoft.Extensions.Logging.Abstractions;
using witness::EdgeSensors.Witness.Configuration;
using witness::EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>log</c>: entries appended to the transparency log, each batch synced, signed, and cosigned by a witness that syncs too.</summary>
internal static class LogCommand
{
    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "A directory on the disk to be measured; a folder is made in it and removed." };
        var batches = new Option<int>("--batches") { Description = "Batches, one after the other.", DefaultValueFactory = _ => 500 };
        var size = new Option<int>("--entries") { Description = "Entries of a batch.", DefaultValueFactory = _ => 5 };
        var command = new Command("log", "Append to the transparency log, every batch synced and cosigned, and say how fast that goes.") { directory, batches, size };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(directory), parsed.GetValue(batches), parsed.GetValue(size)));
        return command;
    }

    private static int Run(string directory, int batches, int size)
    {
        var folder = Path.Combine(directory, $"edgesensors-log-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        try
        {
            using var log = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
            using var cosigner = NoteSigner.Create("oversight.example/w1", NoteKeyKind.Cosignature);
            WitnessStore.Create(folder);
            using var memory = WitnessStore.Open(folder);
            memory.Follow(log.Key.Name);
            var oversight = new Cosigner(cosigner, [new TrustedLog(new LogCard(log.Key, new Uri("https://hub.example/log/")), null)], memory, TimeProvider.System, NullLogger<Cosigner>.Instance);
            using var store = new LogStore(Path.Combine(folder, "log.db"));
            var (append, prove) = (new List<double>(), new List<double>());
            for (var batch = 0; batch < batches; batch++)
            {
                var entries = Enumerable.Range(0, size).Select(i => NewEntry.Salted($"x/{batch}/{i}", LogEntryKind.Decision, "x", RandomNumberGenerator.GetBytes(200))).ToList();
                var started = Stopwatch.GetTimestamp();
                var before = store.Size;
                store.Append(entries);
                var head = Checkpoint.Sign(log, store.Size, store.Root(store.Size));
                store.SaveSigned(head);
                append.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
                var answer = oversight.Add(new CheckpointSubmission(before, store.Consistency(before, store.Size), head).ToBytes());
                if (answer.Status != 200)
                {
                    Console.Error.WriteLine($"The witness answers {answer.Status} {answer.Body}");
                    return 1;
                }

                _ = LogProof.Of(store.Size - 1, store.Inclusion(store.Size - 1, store.Size), head.WithCosignatures(answer.Body, [cosigner.Key])).ToBytes();
                prove.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Report("appended, synced, signed", append, size);
            Report("and cosigned (synced by the witness) and proved", prove, size);
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(string what, List<double> milliseconds, int size)
    {
        var rate = milliseconds.Count * size / milliseconds.Sum() * 1000;
        milliseconds.Sort();
        Console.WriteLine($"{what}: {rate:0} entries/s; a batch of {size}: median {milliseconds[milliseconds.Count / 2]:0.0} ms, 95 % {milliseconds[milliseconds.Count * 95 / 100]:0.0} ms");
    }
}
