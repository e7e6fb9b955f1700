using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Requests;

/// <summary>
/// The newest version of each role that was signed at one place. A request says of itself what is published, and old metadata carries good signatures for ever: only what the signer remembers
/// tells that a request goes back behind it. It is immutable; remembering gives another one.
/// </summary>
public sealed class SignedVersions
{
    /// <summary>The document's <c>type</c>.</summary>
    public const string Type = "signed-versions";

    /// <summary>The most bytes that are read as one.</summary>
    public const int MaxBytes = 2 << 20;

    private const int MaxRoles = 4_097; // the root, and as many as a request can hold

    private readonly Dictionary<string, RoleVersion> _roles;

    private SignedVersions(IEnumerable<RoleVersion> roles) => _roles = roles.ToDictionary(role => role.Role, StringComparer.Ordinal);

    /// <summary>Nothing was signed yet.</summary>
    public static SignedVersions None { get; } = new([]);

    /// <summary>The newest of each role.</summary>
    public IReadOnlyCollection<RoleVersion> Roles => _roles.Values;

    /// <summary>Reads one; every member is checked and an unknown one refused.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out SignedVersions? document, [NotNullWhen(false)] out DocumentError? error) =>
        DocumentCodec.TryParse(utf8, Type, MaxBytes, Read, out document, out error);

    /// <summary>The file.</summary>
    public byte[] ToCanonicalJson()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Member("roles");
        writer.BeginArray();
        foreach (var (role, version, sha256) in _roles.Values.OrderBy(role => role.Role, StringComparer.Ordinal))
        {
            writer.BeginObject();
            writer.String("role", role);
            writer.String("sha256", sha256);
            writer.Integer("version", version);
            writer.EndObject();
        }

        writer.EndArray();
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return DocumentCodec.Finish<SignedVersions>(writer, TryParse);
    }

    /// <summary>Why something is not to be signed by who remembers these; null when it goes on from them.</summary>
    /// <param name="step">What is to be signed.</param>
    /// <param name="givenUp">SHA-256 of versions that were signed and will not be published, of which the signer says so: another of the same number may take their place.</param>
    public RequestError? Check(VersionStep step, IReadOnlyCollection<string> givenUp)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(givenUp);
        foreach (var next in step.Next)
        {
            if (!_roles.TryGetValue(next.Role, out var known))
            {
                continue;
            }

            if (next.Version < known.Version)
            {
                return Wrong(next.Role, $"version {next.Version} goes back behind version {known.Version}, which was signed here; do not sign it");
            }

            if (next.Version == known.Version && next.Sha256 != known.Sha256 && !givenUp.Contains(known.Sha256, StringComparer.OrdinalIgnoreCase))
            {
                return Wrong(next.Role, $"another version {next.Version} was signed here (sha256 {known.Sha256}); do not sign a second one, unless you know that the first was given up");
            }
        }

        // What was signed as version n was made from n - 1: whoever shows less as published shows the past.
        foreach (var published in step.Published)
        {
            if (_roles.TryGetValue(published.Role, out var known) && published.Version < known.Version - 1)
            {
                return Wrong(published.Role, $"it shows version {published.Version} as published, and version {known.Version} was signed here: it is made from an older state; do not sign it");
            }
        }

        return null;

        static RequestError Wrong(string role, FormattableString message) => new(RequestFault.RolledBack, role, message.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Roles whose published version is another than the one of that number that was signed here: others' signatures brought it out.</summary>
    public IReadOnlyList<RoleVersion> PublishedOtherwise(VersionStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return [.. step.Published.Where(published => _roles.TryGetValue(published.Role, out var known) && known.Version == published.Version && known.Sha256 != published.Sha256)];
    }

    /// <summary>Roles of which nothing was signed yet: that what is to be signed of them goes on from the newest is nowhere remembered.</summary>
    public IReadOnlyList<string> Unknown(VersionStep step)
    {
        ArgumentNullException.ThrowIfNull(step);
        return [.. step.Next.Select(next => next.Role).Where(role => !_roles.ContainsKey(role))];
    }

    /// <summary>The same with the versions of some roles, which are signed; what is newer of them stays.</summary>
    public SignedVersions With(VersionStep step, IReadOnlyCollection<string> roles)
    {
        ArgumentNullException.ThrowIfNull(step);
        ArgumentNullException.ThrowIfNull(roles);
        var signed = step.Next.Where(next => roles.Contains(next.Role) && !(_roles.TryGetValue(next.Role, out var known) && known.Version > next.Version)).ToDictionary(version => version.Role, StringComparer.Ordinal);
        return new SignedVersions(_roles.Values.Where(known => !signed.ContainsKey(known.Role)).Concat(signed.Values));
    }

    private static SignedVersions Read(ObjectReader reader)
    {
        var roles = reader.List("roles", 0, MaxRoles, (item, path) =>
        {
            var entry = new ObjectReader(item, path, reader.Faults);
            var read = new RoleVersion(entry.String("role", 128), entry.Integer("version", 1, long.MaxValue), entry.String("sha256", 64));
            if (read.Sha256.Length != 64 || !read.Sha256.All(char.IsAsciiHexDigitLower))
            {
                reader.Faults.Add(path, "has no sha256 in lower-case hex");
            }

            entry.RefuseUnknown();
            return read;
        });
        if (roles.DistinctBy(role => role.Role).Count() != roles.Count)
        {
            reader.Faults.Add("roles", "hold one role twice");
            return None;
        }

        return new SignedVersions(roles);
    }
}
