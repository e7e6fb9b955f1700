using System.Globalization;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Metadata;

namespace EdgeSensors.Trust.Client;

public sealed partial class TufClient
{
    /// <summary>Under this name the store keeps the proof of the timestamp that it holds.</summary>
    internal const string ProofRole = "timestamp.tlog-proof";

    private static readonly WitnessedEntry s_nobody = new([], DateTimeOffset.MinValue);

    private const string Unproved = "it is named without a hash, so that the timestamp's proof does not speak for it";

    // The timestamp's proof reaches as far as hashes do; TUF would let versions alone pass.
    private bool IsUnproved(MetaFile file) => _witnessed && file.File.Prefix is null;

    // The proof lies beside the metadata, outside what TUF hashes: it is made after the file is signed.
    private async Task<TufResult<WitnessedEntry>> ProveAsync<T>(Run run, Root root, SignedMetadata<T> metadata, string role, string step)
        where T : SignedPayload
    {
        if (!_witnessed)
        {
            return TufResult<WitnessedEntry>.Of(s_nobody);
        }

        if (root.WitnessPolicy is not { } policy)
        {
            return Unproven(TufErrorKind.NoWitnessPolicy, "the root names no witnesses; a sensor of this version needs them");
        }

        // The root that is held can have changed its policy since the proof was stored.
        var entry = LogEntry.OfMetadata(metadata.File.Span);
        if (role == TopLevelRole.Timestamp && _store.Read(ProofRole, LogProof.MaxOctets) is { } stored
            && LogProof.TryParse(stored, out var held, out _) && policy.TryVerify(entry, held, out var known, out _))
        {
            return TufResult<WitnessedEntry>.Of(known);
        }

        var name = string.Create(CultureInfo.InvariantCulture, $"{metadata.Signed.Version}.{role}.tlog-proof");
        if (!(await FetchAsync(run, role, step, name, LogProof.MaxOctets)).TryGet(out var fetched, out var error))
        {
            return error.Kind == TufErrorKind.NotFound ? Unproven(TufErrorKind.ProofMissing, error.Message) : TufResult<WitnessedEntry>.Of(error);
        }

        if (!LogProof.TryParse(fetched.Bytes.Span, out var proof, out var fault) || !policy.TryVerify(entry, proof, out var witnessed, out fault))
        {
            return Unproven(TufErrorKind.ProofRefused, $"{name}: {fault}");
        }

        if (role == TopLevelRole.Timestamp)
        {
            _store.Write(ProofRole, fetched.Bytes.Span);
        }

        return TufResult<WitnessedEntry>.Of(witnessed);

        TufResult<WitnessedEntry> Unproven(TufErrorKind kind, string message) => TufResult<WitnessedEntry>.Of(new TufError(kind, role, step, message));
    }
}
