using EdgeSensors.EdgeAgent.Select;
using EdgeSensors.Trust.Blocklists;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// What the agent may act on: documents that one verified repository held, and until when that verification is good. What it says of <see cref="Missing"/> is of the one before: rules and the word
/// to stop do not wait for what is large.
/// </summary>
internal sealed record TrustedState
{
    /// <summary>Nothing was verified yet: only health is reported and nothing is enforced.</summary>
    public static TrustedState None { get; } = new();

    /// <summary>Version of the TUF timestamp; null before the first.</summary>
    public long? TimestampVersion { get; init; }

    /// <summary>What was not brought yet and stands as it did before.</summary>
    public MissingPart Missing { get; init; }

    /// <summary>The witness of a sensor that has verified nothing yet.</summary>
    public const string NotWitnessed = "pending";

    /// <summary>Who saw the update in the transparency log, as a token: names with <c>+</c> between, cut to what a token may hold.</summary>
    public string Witness { get; init; } = NotWitnessed;

    /// <summary>When they saw it: it cannot be earlier now.</summary>
    public DateTimeOffset WitnessedAt { get; init; } = DateTimeOffset.MinValue;

    /// <summary>When the first top-level role expires: nothing here is trusted from then on.</summary>
    public DateTimeOffset Expires { get; init; } = DateTimeOffset.MinValue;

    /// <summary>What this sensor may report; null when there is none that verified.</summary>
    public CollectionAuthorization? Authorization { get; init; }

    /// <summary>The key of the authorisation's pseudonyms, opened with the sensor's own; null where the authorisation has none.</summary>
    public ReadOnlyMemory<byte>? PseudonymKey { get; init; }

    /// <summary>The domestic prefixes; null when there is no table.</summary>
    public DomesticPrefixTable? Domestic { get; init; }

    /// <summary>Addresses whose contact is reported; null when there is no list.</summary>
    public AddressList? Listed { get; init; }

    /// <summary>The blocklist, ready for look-ups; null when there is none.</summary>
    public BlocklistMatcher? Blocklist { get; init; }

    /// <summary>What of a blocklist is enforced; null when nothing is.</summary>
    public BlocklistEnforcement? Enforcement { get; init; }

    /// <summary>The blocklist that it is done with here; null when there is none that this sensor has room for.</summary>
    public Blocklist? EnforcedList { get; init; }

    /// <summary>Whether no blocklist is to be enforced for now, whatever is signed of it: the kill switch. It holds the lists of before until those that are signed at its release are here.</summary>
    public bool ListsHeld { get; init; }

    /// <summary>The rules; null when the repository has none, or they did not verify (see <see cref="RulesRefusal"/>).</summary>
    public RuleSet? Rules { get; init; }

    /// <summary>Set when the rules did not verify: why, as a token. What stood before stays until it runs out.</summary>
    public string? RulesRefusal { get; init; }

    /// <summary>The grants that the rules name and that verified.</summary>
    public IReadOnlyDictionary<GrantRef, Grant> Grants { get; init; } = new Dictionary<GrantRef, Grant>();

    /// <summary>Whether anything here may still be acted on.</summary>
    public bool IsTrustedAt(DateTimeOffset now) => now < Expires;
}

/// <summary>What of a verified repository is not here yet.</summary>
internal enum MissingPart
{
    /// <summary>All is here.</summary>
    Nothing,

    /// <summary>Blocklists.</summary>
    Lists,

    /// <summary>Those, and the authorisation with the prefixes and addresses that it is applied with.</summary>
    Documents,
}
