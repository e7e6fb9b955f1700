using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Json;
using EdgeSensors.Trust.Metadata;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Trust.Requests;

/// <summary>
/// A change of a repository that waits for signatures: one file that goes from the hub to whoever holds the offline keys, from one to the next, and back. It carries all that is needed to
/// understand it without the repository: every root, the metadata that changes as it is and as it will be, the contents of new targets, and the difference in words. It is immutable; signing gives another one.
/// </summary>
public sealed partial class SigningRequest
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "signing-request";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 96 << 20;

    private const int MaxRoles = 4_096;
    private const int MaxContents = 16_384;

    private SigningRequest()
    {
    }

    /// <summary>Why it is asked for, as who made it said.</summary>
    public string Reason { get; private init; } = "";

    /// <summary>When it was made.</summary>
    public UnixMilliseconds MadeAt { get; private init; }

    /// <summary>What it changes, in words, a line each.</summary>
    public IReadOnlyList<string> Says { get; private init; } = [];

    /// <summary>The contents of targets that are new or changed, by name.</summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Contents { get; private init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>
    /// What the changed ones of <see cref="Contents"/> are as published, by name: all that <see cref="IsCompared"/>. Held against the hashes of the published metadata.
    /// </summary>
    public IReadOnlyDictionary<string, ReadOnlyMemory<byte>> Published { get; private init; } = new Dictionary<string, ReadOnlyMemory<byte>>();

    /// <summary>What the next versions take over from the published ones unchanged, a line each.</summary>
    public IReadOnlyList<string> CarriesOn => CarriedOn.Of(this);

    /// <summary>Each role's next version.</summary>
    public IReadOnlyList<RoleVersion> Versions =>
    [
        .. NextRoot is { } root ? [RoleVersion.Of(TopLevelRole.Root, root)] : Array.Empty<RoleVersion>(),
        .. Next.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => RoleVersion.Of(pair.Key, pair.Value)),
    ];

    /// <summary>The published versions that it says it rests on: of the root, of the roles that change, and of those that delegate to them.</summary>
    public IReadOnlyList<RoleVersion> PublishedVersions =>
        [RoleVersion.Of(TopLevelRole.Root, Roots[^1]), .. Before.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => RoleVersion.Of(pair.Key, pair.Value))];

    /// <summary>Both: what whoever signs it remembers, and holds against what he remembers.</summary>
    public VersionStep Step => new(Versions, PublishedVersions);

    /// <summary>The roles whose next version it holds.</summary>
    public IReadOnlyList<string> Roles => [.. NextRoot is null ? Array.Empty<string>() : [TopLevelRole.Root], .. Next.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Every root up to the one in force.</summary>
    internal IReadOnlyList<SignedMetadata<Root>> Roots { get; private init; } = [];

    /// <summary>The roles that change, and those that delegate to them, as they are published.</summary>
    internal IReadOnlyDictionary<string, SignedMetadata<Targets>> Before { get; private init; } = new Dictionary<string, SignedMetadata<Targets>>();

    /// <summary>The next root; null when the present one stays.</summary>
    internal SignedMetadata<Root>? NextRoot { get; private init; }

    /// <summary>The next version of each targets role that changes.</summary>
    internal IReadOnlyDictionary<string, SignedMetadata<Targets>> Next { get; private init; } = new Dictionary<string, SignedMetadata<Targets>>();

    /// <summary>Roles that the hub signs anew by itself when this is published.</summary>
    internal IReadOnlyList<string> Online { get; private init; } = [];

    internal Root Present => Roots[^1].Signed;

    /// <summary>The root in force, as its file is.</summary>
    public ReadOnlyMemory<byte> PresentRoot => Roots[^1].File;

    /// <summary>The delegations as they will be.</summary>
    internal DelegationTree Tree => new(role => Next.GetValueOrDefault(role)?.Signed ?? Before.GetValueOrDefault(role)?.Signed);

    /// <summary>The delegations as they are.</summary>
    internal DelegationTree TreeBefore => new(role => Before.GetValueOrDefault(role)?.Signed);

    /// <summary>Whether the content of a target is set against the published one where it takes its place: documents and blocklists, which can be read.</summary>
    public static bool IsCompared(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name.EndsWith(".json", StringComparison.Ordinal) || name.EndsWith(TargetNames.BlocklistSnapshotEnd, StringComparison.Ordinal);
    }

    /// <summary>Makes a request of a plan; throws <see cref="RequestRefusedException"/> when nothing in it needs an offline key.</summary>
    /// <param name="plan">What it changes.</param>
    /// <param name="roots">Every root up to the one in force.</param>
    /// <param name="readPublished">The content of a target as it is published.</param>
    /// <param name="reason">Why, for whoever is to sign.</param>
    /// <param name="now">When.</param>
    internal static SigningRequest Of(
        PublicationPlan plan, IReadOnlyList<SignedMetadata<Root>> roots, Func<string, FileHashes, ReadOnlyMemory<byte>> readPublished, string reason, UnixMilliseconds now)
    {
        var offline = plan.Roles.Where(role => !RepositoryRoles.IsOnline(role.Key)).ToDictionary(StringComparer.Ordinal);
        if (plan.Root is null && offline.Count == 0)
        {
            throw new RequestRefusedException(RepositoryErrorKind.Refused, "", "nothing in this change needs an offline key");
        }

        var request = new SigningRequest
        {
            Reason = reason,
            MadeAt = now,
            Roots = roots,
            Before = PublishedBefore(plan.State, offline.Keys),
            NextRoot = plan.Root,
            Next = offline,
            Online = [.. plan.Roles.Keys.Where(RepositoryRoles.IsOnline)],
            Contents = plan.Contents.ToDictionary(pair => pair.Key, pair => pair.Value.Bytes, StringComparer.Ordinal),
        };
        request = request.Saying(Difference.Of(request), request.Replaced().ToDictionary(pair => pair.Name, pair => readPublished(pair.Name, pair.Before), StringComparer.Ordinal));
        return request.Examine() is { } error ? throw new RequestRefusedException(RepositoryErrorKind.Refused, error.Role, error.Message) : request;
    }

    /// <summary>Reads one, and checks all that can be checked without knowing the repository.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out SigningRequest? request, [NotNullWhen(false)] out RequestError? error)
    {
        if (!DocumentCodec.TryParse<SigningRequest>(utf8, Type, MaxBytes, Read, out request, out var fault))
        {
            error = new RequestError(RequestFault.Malformed, "", fault.ToString());
            return false;
        }

        error = request.Examine();
        request = error is null ? request : null;
        return error is null;
    }

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        Write(writer, "before", Before);
        Write(writer, "contents", Contents);
        writer.Integer("made_at", MadeAt.Value);
        Write(writer, "next", Next);
        if (NextRoot is { } root)
        {
            writer.Member("next_root");
            writer.Raw(root.File.Span);
        }

        writer.Strings("online", Online);
        Write(writer, "published", Published);
        writer.String("reason", Reason);
        writer.Member("roots");
        writer.BeginArray();
        foreach (var known in Roots)
        {
            writer.Raw(known.File.Span);
        }

        writer.EndArray();
        writer.Strings("says", Says);
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return writer.ToArray();
    }

    /// <summary>Whose signatures a role's next version needs.</summary>
    internal IReadOnlyList<Demand> DemandsOf(string role) => Demand.Of(role, Present, NextRoot?.Signed ?? Present, Tree);

    /// <summary>Roles, and those that delegate to them, as they are published.</summary>
    internal static Dictionary<string, SignedMetadata<Targets>> PublishedBefore(RepositoryState state, IEnumerable<string> roles)
    {
        var before = new Dictionary<string, SignedMetadata<Targets>>(StringComparer.Ordinal);
        foreach (var role in roles.SelectMany(role => WayTo(role, state)).Distinct(StringComparer.Ordinal))
        {
            if (state.FindSigned(role) is { } published)
            {
                before[role] = published;
            }
        }

        return before;
    }

    private static List<string> WayTo(string role, RepositoryState state)
    {
        var tree = state.Tree;
        var way = new List<string> { TopLevelRole.Targets };
        for (string? at = role; at is not null && !way.Contains(at); at = tree.Find(at)?.Delegator)
        {
            way.Add(at);
        }

        return way;
    }

    private static void Write(CanonicalJsonWriter writer, string member, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> contents)
    {
        writer.Member(member);
        writer.BeginArray();
        foreach (var (name, content) in contents.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.BeginObject();
            writer.String("content", Convert.ToBase64String(content.Span));
            writer.String("name", name);
            writer.EndObject();
        }

        writer.EndArray();
    }

    private static void Write(CanonicalJsonWriter writer, string name, IReadOnlyDictionary<string, SignedMetadata<Targets>> roles)
    {
        writer.Member(name);
        writer.BeginArray();
        foreach (var (role, metadata) in roles.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            writer.BeginObject();
            writer.Member("file");
            writer.Raw(metadata.File.Span);
            writer.String("role", role);
            writer.EndObject();
        }

        writer.EndArray();
    }

    private static SigningRequest Read(ObjectReader reader) => new()
    {
        Reason = reader.String("reason", 1_000),
        MadeAt = new UnixMilliseconds(reader.Integer("made_at", 0, UnixMilliseconds.MaxValue)),
        Says = reader.List("says", 1, 100_000, (item, path) => ObjectReader.AsString(item, path, reader.Faults, 4_000)),
        Roots = reader.List("roots", 1, TufLimits.Default.MaxRootRotations, (item, path) => ReadRoot(item, path, reader.Faults)).OfType<SignedMetadata<Root>>().ToList(),
        Before = ReadRoles(reader, "before"),
        Next = ReadRoles(reader, "next"),
        NextRoot = reader.Has("next_root") ? ReadRoot(reader.Value("next_root"), "next_root", reader.Faults) : null,
        Online = reader.List("online", 0, MaxRoles, (item, path) => ObjectReader.AsString(item, path, reader.Faults)),
        Contents = ReadContents(reader, "contents"),
        Published = ReadContents(reader, "published"),
    };

    private static Dictionary<string, ReadOnlyMemory<byte>> ReadContents(ObjectReader reader, string member)
    {
        var contents = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var (name, content) in reader.List(member, 0, MaxContents, (item, path) =>
        {
            var entry = new ObjectReader(item, path, reader.Faults);
            var text = entry.Lines("content", MaxBytes);
            var octets = new byte[text.Length / 4 * 3];
            if (!Convert.TryFromBase64String(text, octets, out var length))
            {
                reader.Faults.Add(path, "has a content that is no base64");
            }

            var read = (entry.String("name", 512), octets.AsMemory(0, length));
            entry.RefuseUnknown();
            return read;
        }))
        {
            if (!contents.TryAdd(name, content))
            {
                reader.Faults.Add(member, "hold one name twice");
            }
        }

        return contents;
    }

    private static Dictionary<string, SignedMetadata<Targets>> ReadRoles(ObjectReader reader, string name)
    {
        var roles = new Dictionary<string, SignedMetadata<Targets>>(StringComparer.Ordinal);
        foreach (var (role, metadata) in reader.List(name, 0, MaxRoles, (item, path) =>
        {
            var entry = new ObjectReader(item, path, reader.Faults);
            var read = (entry.String("role", 128), ReadTargets(entry.Value("file"), path, reader.Faults));
            entry.RefuseUnknown();
            return read;
        }))
        {
            if (metadata is not null && !roles.TryAdd(role, metadata))
            {
                reader.Faults.Add(name, "hold one role twice");
            }
        }

        return roles;
    }

    private static SignedMetadata<Root>? ReadRoot(JsonElement value, string path, FaultLog faults)
    {
        if (!MetadataReader.TryReadRoot(Octets(value), TufLimits.Default.MaxRootBytes, out var root, out var error))
        {
            faults.Add(path, error.Message);
        }

        return root;
    }

    private static SignedMetadata<Targets>? ReadTargets(JsonElement value, string path, FaultLog faults)
    {
        if (!MetadataReader.TryReadTargets(Octets(value), TufLimits.Default.MaxTargetsBytes, out var targets, out var error))
        {
            faults.Add(path, error.Message);
        }

        return targets;
    }

    private static byte[] Octets(JsonElement value) => value.ValueKind == JsonValueKind.Object ? JsonMarshal.GetRawUtf8Value(value).ToArray() : [];

    private SigningRequest Saying(IReadOnlyList<string> says, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> published) => Copy(NextRoot, Next, says, published);

    private SigningRequest Copy(
        SignedMetadata<Root>? nextRoot, IReadOnlyDictionary<string, SignedMetadata<Targets>> next, IReadOnlyList<string> says, IReadOnlyDictionary<string, ReadOnlyMemory<byte>> published) => new()
        {
            Reason = Reason,
            MadeAt = MadeAt,
            Roots = Roots,
            Before = Before,
            NextRoot = nextRoot,
            Next = next,
            Online = Online,
            Contents = Contents,
            Published = published,
            Says = says,
        };
}
