using System.Globalization;
using System.Text.Json;
using EdgeSensors.Hub.Store;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Transparency;

/// <summary>
/// The only way from a publication to the sensors: logs whatever is new in the repository and in the audit, has the checkpoint cosigned, writes the proofs beside the metadata,
/// and only then is a timestamp shown. Every step can be cut off and is taken up where it was; whoever publishes needs to know nothing of it.
/// </summary>
internal sealed class Sequencer(LogStore store, TufRepository repository, IDecisionStore decisions, NoteSigner signer, IReadOnlyList<WitnessClient> witnesses, ILogger<Sequencer> logger) : IDisposable
{
    private const int MaxDecisions = 1_000;
    private const string AuditSources = "audit/";
    private static readonly TimeSpan WitnessPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan QuorumGrace = TimeSpan.FromMilliseconds(100);

    private readonly SemaphoreSlim _gate = new(1);
    private readonly HashSet<string> _logged = [.. store.Sources("metadata/"), .. store.Sources("target/")];
    private long _audited = LastAudit(store);
    private byte[] _shown = [];
    private byte[] _seen = [];

    /// <summary>The newest timestamp that is proved: what sensors are shown. Empty before the first.</summary>
    public ReadOnlyMemory<byte> Timestamp => Volatile.Read(ref _shown);

    /// <summary>Why the newest publication is not shown, in one line; null when it is.</summary>
    public string? Behind { get; private set; }

    /// <summary>Does whatever there is to do; false when something stays to be done.</summary>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            Behind = await StepAsync(cancellationToken);
            return Behind is null;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Whether a metadata file may be shown: all but the unversioned timestamp, for which there is <see cref="Timestamp"/>, and roots that are not proved.</summary>
    public bool IsShown(string fileName) => fileName.Split('.') switch
    {
        [TopLevelRole.Timestamp, ..] or [.., "tmp"] => false,
        [var number, TopLevelRole.Root, "json"] => long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var version) && IsShown(version),
        _ => true,
    };

    public void Dispose() => _gate.Dispose();

    // The first root is the one by which sensors are enrolled.
    private bool IsShown(long root) => root == 1 || File.Exists(ProofPath(TopLevelRole.Root, root));

    private async Task<string?> StepAsync(CancellationToken cancellationToken)
    {
        if (!repository.ReadTimestamp().TryGet(out var current, out var error) || !repository.ReadWitnessPolicies().TryGet(out var policies, out error))
        {
            return error.ToString();
        }

        var audit = decisions.AuditAfter(_audited, MaxDecisions);
        var batch = DecisionsOf(audit);
        var isNew = !current.AsSpan().SequenceEqual(_seen);
        if (isNew)
        {
            if (!repository.ListVisible().TryGet(out var files, out error))
            {
                return error.ToString();
            }

            GatherFiles(files, batch);
        }

        if (batch.Count > 0)
        {
            store.Append(batch, signer);
            _logged.UnionWith(batch.Select(entry => entry.Source).Where(name => !name.StartsWith(AuditSources, StringComparison.Ordinal)));
        }

        Pass(audit); // not before: what fails in between is gathered again

        // After a start, or when nothing is new: what was cosigned and proved before still is.
        var known = store.NewestCosigned();
        if (known is null || known.Size != store.Size || Show(current, known, policies) is not null)
        {
            var (checkpoint, problem) = await WitnessAsync(policies, cancellationToken);
            problem ??= Show(current, checkpoint!, policies);
            if (problem is not null)
            {
                return problem;
            }
        }

        _seen = current;
        return null;
    }

    // Salted: who decided what about whom is not to be found by trying. One row that cannot be read is an entry that says so: it neither holds the others up nor is missing unseen.
    private static List<NewEntry> DecisionsOf(IReadOnlyList<(long Id, AuditEntry Entry)> audit) =>
    [
        .. audit.Where(row => row.Entry.What != AuditEntry.RefuseUpdate) // a sensor's word, not a decision
            .Select(row => NewEntry.Salted(
                $"{AuditSources}{row.Id:D19}", row.Entry.What == AuditEntry.Dispose ? LogEntryKind.Disposal : LogEntryKind.Decision, $"{AuditSources}{row.Id}", Encode(row.Entry))),
    ];

    private void Pass(IReadOnlyList<(long Id, AuditEntry Entry)> audit)
    {
        foreach (var (id, entry) in audit)
        {
            _audited = id;
            if (entry.What == AuditEntry.Unreadable)
            {
                SequencerLog.AuditUnreadable(logger, id, entry.Detail);
            }
        }
    }

    // Documents first, then the metadata that lists them, and the timestamp last: what an entry names was logged before it.
    private void GatherFiles(RepositoryFiles files, List<NewEntry> batch)
    {
        foreach (var (name, path) in files.Targets)
        {
            var source = $"target/{Path.GetRelativePath(repository.TargetsDirectory, path)}";
            if (!_logged.Contains(source))
            {
                batch.Add(NewEntry.Salted(source, KindOf(name), name, File.ReadAllBytes(path)));
            }
        }

        foreach (var path in files.Metadata)
        {
            var source = $"metadata/{Path.GetFileName(path)}";
            if (!_logged.Contains(source))
            {
                var bytes = File.ReadAllBytes(path);
                batch.Add(new NewEntry(source, LogEntry.OfMetadata(bytes), bytes));
            }
        }
    }

    private static LogEntryKind KindOf(string target) => target.Split('/')[0] switch
    {
        "mitigations" => LogEntryKind.Grant,
        "authorizations" => LogEntryKind.Authorization,
        _ => LogEntryKind.Document,
    };

    private async Task<(Checkpoint? Checkpoint, string? Problem)> WitnessAsync(IReadOnlyList<WitnessPolicy> policies, CancellationToken cancellationToken)
    {
        var head = store.NewestSigned();
        if (head is null || head.Size < store.Size || !head.IsSignedBy(signer.Key))
        {
            head = Checkpoint.Sign(signer, store.Size, store.Root(store.Size));
            store.SaveSigned(head); // before anybody sees it
        }

        // A new root is proved to those who hold the one before it, all else to those who hold the newest.
        List<WitnessPolicy> asked = [policies[^1], .. Enumerable.Range(2, policies.Count - 1).Where(version => !IsShown(version)).Select(version => policies[version - 2])];
        var keys = asked.SelectMany(policy => policy.Witnesses).ToList();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(WitnessPatience);
        var asking = witnesses.Select(witness => AskAsync(witness, head, patience.Token)).ToList();
        var errors = new List<string>();
        var cosigned = head;
        string? problem = "no witness is configured (transparency.witnesses)";
        while (asking.Count > 0)
        {
            var answered = await Task.WhenAny(asking);
            asking.Remove(answered);
            var (lines, error) = await answered;
            cosigned = lines is null ? cosigned : cosigned.WithCosignatures(lines, keys);
            if (error is not null)
            {
                errors.Add(error);
            }

            LogError? fault = null;
            if (asked.TrueForAll(policy => policy.TryVerify(cosigned, out fault)))
            {
                problem = null;
                patience.CancelAfter(QuorumGrace); // the others have a moment more
            }
            else
            {
                problem = string.Join("; ", errors.Append(fault!.ToString()));
            }
        }

        if (problem is null)
        {
            store.SaveCosigned(cosigned);
        }

        return (problem is null ? cosigned : null, problem);
    }

    private async Task<(string? Lines, string? Error)> AskAsync(WitnessClient witness, Checkpoint head, CancellationToken cancellationToken)
    {
        try
        {
            return await witness.CosignAsync(head, size => store.Consistency(size, head.Size), cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or System.Net.Sockets.SocketException)
        {
            return (null, $"{witness.Url}: {(e is OperationCanceledException ? "it does not answer in time" : e.Message.TrimEnd('.'))}");
        }
    }

    // Proofs first, then what they prove.
    private string? Show(byte[] current, Checkpoint checkpoint, IReadOnlyList<WitnessPolicy> policies)
    {
        for (var version = 2; version <= policies.Count; version++)
        {
            // A root is proved to those who hold the one before it.
            if (!IsShown(version) && Prove(TopLevelRole.Root, version, checkpoint, policies[version - 2]) is { } problem)
            {
                return problem;
            }
        }

        if (Prove(TopLevelRole.Timestamp, TufRepository.TimestampVersionOf(current), checkpoint, policies[^1]) is { } unproved)
        {
            return unproved;
        }

        Volatile.Write(ref _shown, current);
        return null;
    }

    private string? Prove(string role, long version, Checkpoint checkpoint, WitnessPolicy policy)
    {
        var path = ProofPath(role, version);
        var name = $"{version}.{role}.json";
        if (store.IndexOf($"metadata/{name}") is not { } index)
        {
            return $"{name} is not in the log";
        }

        var file = File.ReadAllBytes(Path.Combine(repository.MetadataDirectory, name));
        var entry = LogEntry.OfMetadata(file);
        if (File.Exists(path) && LogProof.TryParse(File.ReadAllBytes(path), out var known, out _) && policy.TryVerify(entry, known, out _, out _))
        {
            return null;
        }

        // What a sensor will check is checked here, so that a proof which it would refuse is never its first.
        var proof = LogProof.Of(index, store.Inclusion(index, checkpoint.Size), checkpoint);
        if (!policy.TryVerify(entry, proof, out _, out var fault))
        {
            return $"{name} cannot be proved: {fault}";
        }

        repository.WriteProof(Path.GetFileName(path), proof.ToBytes());
        SequencerLog.Proved(logger, name, index, checkpoint.Size);
        return null;
    }

    private string ProofPath(string role, long version) => Path.Combine(repository.MetadataDirectory, string.Create(CultureInfo.InvariantCulture, $"{version}.{role}.tlog-proof"));

    private static long LastAudit(LogStore store) =>
        store.LastSource(AuditSources) is { } name ? long.Parse(name[AuditSources.Length..], CultureInfo.InvariantCulture) : 0;

    private static ReadOnlySpan<byte> Encode(AuditEntry entry)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteNumber("at", entry.At.Value);
            json.WriteString("who", entry.Who);
            json.WriteString("what", entry.What);
            json.WriteString("subject", entry.Subject);
            json.WriteString("detail", entry.Detail);
            json.WriteEndObject();
        }

        return buffer.ToArray();
    }
}
