extern alias witness;
using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Threading.Channels;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Log;
using Microsoft.Extensions.Logging.Abstractions;
using witness::EdgeSensors.Witness.Configuration;
using witness::EdgeSensors.Witness.Cosign;

namespace EdgeSensors.Benchmarks.Trust;

/// <summary><c>log</c>: entries appended to the transparency log, each batch synced, signed, and cosigned by a witness that syncs too.</summary>
internal static class LogCommand
{
    private static readonly int[] s_sizes = [1, 5, 50];

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "A directory on the disk to be measured; a folder is made in it and removed." };
        var batches = new Option<int>("--batches") { Description = "Batches of each size, one after the other.", DefaultValueFactory = _ => 200 };
        var submitters = new Option<int>("--submitters") { Description = "Callers at once, each of whom waits for the proof of one entry before the next.", DefaultValueFactory = _ => 64 };
        var command = new Command("log", "Append to the transparency log, every batch synced and cosigned, and say how fast that goes, beside what a sync costs.") { directory, batches, submitters };
        command.SetAction(async (parsed, stop) =>
        {
            var folder = Path.Combine(parsed.GetRequiredValue(directory), $"edgesensors-log-{Environment.ProcessId}");
            Directory.CreateDirectory(folder);
            try
            {
                using var measured = new MeasuredLog(folder);
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"a file of 4 KiB written and synced, the yardstick: median {Median(Enumerable.Range(0, 200).Select(_ => Sync(folder))):0.00} ms"));
                foreach (var size in s_sizes)
                {
                    Run(measured, parsed.GetValue(batches), size);
                }

                await RunAsync(measured, parsed.GetValue(submitters), parsed.GetValue(batches), stop);
                return 0;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
        return command;
    }

    private static void Run(MeasuredLog log, int batches, int size)
    {
        var (append, prove) = (new List<double>(), new List<double>());
        for (var batch = 0; batch < batches; batch++)
        {
            var (appended, proved) = log.Add([.. Enumerable.Range(0, size).Select(_ => log.MakeEntry())]);
            append.Add(appended.TotalMilliseconds);
            prove.Add(proved.TotalMilliseconds);
        }

        Report($"batches of {size}: appended, signed, synced", append, size);
        Report($"batches of {size}: and cosigned (synced by the witness), saved (synced) and proved", prove, size);
    }

    // As the hub's sequencer: whatever came while a batch was on its way is the next one.
    private static async Task RunAsync(MeasuredLog log, int submitters, int rounds, CancellationToken stop)
    {
        var waiting = Channel.CreateUnbounded<(NewEntry Entry, TaskCompletionSource Proved)>();
        var (latencies, batches) = (new ConcurrentBag<double>(), 0);
        var started = Stopwatch.GetTimestamp();
        var sequencing = Task.Run(
            async () =>
            {
                while (await waiting.Reader.WaitToReadAsync(stop))
                {
                    var batch = new List<(NewEntry Entry, TaskCompletionSource Proved)>();
                    while (waiting.Reader.TryRead(out var one))
                    {
                        batch.Add(one);
                    }

                    log.Add([.. batch.Select(one => one.Entry)]);
                    batches++;
                    batch.ForEach(one => one.Proved.SetResult());
                }
            },
            stop);
        await Task.WhenAll(Enumerable.Range(0, submitters).Select(async _ =>
        {
            for (var round = 0; round < rounds; round++)
            {
                var asked = Stopwatch.GetTimestamp();
                var proved = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                await waiting.Writer.WriteAsync((log.MakeEntry(), proved), stop);
                await proved.Task;
                latencies.Add(Stopwatch.GetElapsedTime(asked).TotalMilliseconds);
            }
        }));
        var took = Stopwatch.GetElapsedTime(started);
        waiting.Writer.Complete();
        await sequencing;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{submitters} callers, one entry each at a time: {latencies.Count / took.TotalSeconds:0} entries/s proved, {(double)latencies.Count / batches:0} a batch; an entry waits {Median(latencies):0.0} ms (median)"));
    }

    private static double Sync(string folder)
    {
        var started = Stopwatch.GetTimestamp();
        using (var file = new FileStream(Path.Combine(folder, "yardstick"), FileMode.Create, FileAccess.Write, FileShare.None, 0))
        {
            file.Write(new byte[4096]);
            file.Flush(flushToDisk: true);
        }

        return Stopwatch.GetElapsedTime(started).TotalMilliseconds;
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted[sorted.Count / 2];
    }

    private static void Report(string what, List<double> milliseconds, int size)
    {
        var rate = milliseconds.Count * size / milliseconds.Sum() * 1000;
        milliseconds.Sort();
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: {rate:0} entries/s; a batch: median {milliseconds[milliseconds.Count / 2]:0.0} ms, 95 % {milliseconds[milliseconds.Count * 95 / 100]:0.0} ms"));
    }

    /// <summary>The hub's log and a witness of it, each with its own database on the disk.</summary>
    private sealed class MeasuredLog : IDisposable
    {
        private readonly NoteSigner _log = NoteSigner.Create("hub.example/log", NoteKeyKind.Ed25519);
        private readonly NoteSigner _witness = NoteSigner.Create("oversight.example/w1", NoteKeyKind.Cosignature);
        private readonly WitnessStore _memory;
        private readonly Cosigner _cosigner;
        private readonly LogStore _store;
        private int _number;

        public MeasuredLog(string folder)
        {
            WitnessStore.Create(folder);
            _memory = WitnessStore.Open(folder);
            _memory.Follow(_log.Key.Name);
            _cosigner = new Cosigner(_witness, [new TrustedLog(new LogCard(_log.Key, new Uri("https://hub.example/log/")), null)], _memory, new WitnessMark(Path.Combine(folder, "mark")), TimeProvider.System, NullLogger<Cosigner>.Instance);
            _store = new LogStore(Path.Combine(folder, "log.db"));
        }

        public NewEntry MakeEntry() =>
            NewEntry.Salted(string.Create(CultureInfo.InvariantCulture, $"x/{Interlocked.Increment(ref _number)}"), LogEntryKind.Decision, "x", RandomNumberGenerator.GetBytes(200));

        /// <summary>Brings a batch all the way; how long it took to the synced checkpoint, and to the proof of the last entry.</summary>
        public (TimeSpan Appended, TimeSpan Proved) Add(IReadOnlyList<NewEntry> batch)
        {
            var started = Stopwatch.GetTimestamp();
            var before = _store.Size;
            var head = _store.Append(batch, _log);
            var appended = Stopwatch.GetElapsedTime(started);
            var answer = _cosigner.Add(new CheckpointSubmission(before, _store.Consistency(before, _store.Size), head).ToBytes());
            if (answer.Status != 200)
            {
                throw new InvalidOperationException($"The witness answers {answer.Status} {answer.Body}");
            }

            var cosigned = head.WithCosignatures(answer.Body, [_witness.Key]);
            _store.SaveCosigned(cosigned);
            _ = LogProof.Of(_store.Size - 1, _store.Inclusion(_store.Size - 1, _store.Size), cosigned).ToBytes();
            return (appended, Stopwatch.GetElapsedTime(started));
        }

        public void Dispose()
        {
            _store.Dispose();
            _memory.Dispose();
            _witness.Dispose();
            _log.Dispose();
        }
    }
}
