using System.Globalization;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.Configuration;

namespace EdgeSensors.Witness.Cosign;

/// <summary>What <c>add-checkpoint</c> answers.</summary>
/// <param name="Status">The HTTP status code.</param>
/// <param name="Body">Signature lines, a size, or one line for a person.</param>
/// <param name="ContentType">Its media type.</param>
internal readonly record struct CosignAnswer(int Status, string Body, string ContentType = "text/plain; charset=utf-8");

/// <summary>
/// <c>add-checkpoint</c> of C2SP tlog-witness: cosigns a checkpoint that continues what it cosigned before, and nothing else. One at a time, and remembered twice before it is
/// answered, so that no two answers can contradict each other.
/// </summary>
internal sealed class Cosigner(NoteSigner signer, IReadOnlyList<TrustedLog> logs, WitnessStore store, WitnessMark mark, TimeProvider time, ILogger<Cosigner> logger)
{
    private readonly Lock _gate = new();

    /// <summary>Runs after a checkpoint was cosigned.</summary>
    public Action<string>? Cosigned { get; set; }

    public CosignAnswer Add(ReadOnlySpan<byte> body)
    {
        if (!CheckpointSubmission.TryParse(body, out var submission))
        {
            return Say(StatusCodes.Status400BadRequest, "this is no submission of a checkpoint");
        }

        var checkpoint = submission.Checkpoint;
        if (logs.FirstOrDefault(log => log.Origin == checkpoint.Origin) is not { } log)
        {
            return Say(StatusCodes.Status404NotFound, "this log is not known here");
        }

        if (!checkpoint.IsSignedBy(log.Card.Key))
        {
            return Say(StatusCodes.Status403Forbidden, "the log's signature is missing or does not verify");
        }

        CosignAnswer answer;
        lock (_gate)
        {
            answer = Decide(submission);
        }

        if (answer.Status == StatusCodes.Status200OK)
        {
            WitnessLog.Cosigned(logger, checkpoint.Origin, checkpoint.Size);
            Cosigned?.Invoke(checkpoint.Origin);
        }

        return answer;
    }

    private CosignAnswer Decide(CheckpointSubmission submission)
    {
        var checkpoint = submission.Checkpoint;
        if (store.Halted(checkpoint.Origin) is { } why)
        {
            return Say(StatusCodes.Status503ServiceUnavailable, why);
        }

        var (size, before, at) = store.Newest(checkpoint.Origin) ?? throw new InvalidOperationException("A log that is trusted and not followed.");
        if (submission.OldSize > checkpoint.Size)
        {
            // Signed by the log, and shorter than what was seen: it was cut off, unless somebody sent an old checkpoint again.
            if (checkpoint.Size < size)
            {
                WitnessLog.Refused(logger, checkpoint.Origin, $"a checkpoint of {checkpoint.Size} entries came after one of {size}");
            }

            return Say(StatusCodes.Status400BadRequest, "the old size is larger than the checkpoint's");
        }

        if (submission.OldSize != size)
        {
            return new CosignAnswer(StatusCodes.Status409Conflict, string.Create(CultureInfo.InvariantCulture, $"{size}\n"), "text/x.tlog.size");
        }

        var root = before?.Root ?? MerkleTree.EmptyRoot;
        if ((checkpoint.Size == 0 && !checkpoint.Root.Span.SequenceEqual(MerkleTree.EmptyRoot.Span))
            || !MerkleTree.IsConsistent(size, root.Span, checkpoint.Size, checkpoint.Root.Span, submission.Proof))
        {
            // At the same size, two roots under the log's own signature are a proof by themselves.
            var what = checkpoint.Size == size
                ? $"at {size} entries it signed two different trees"
                : $"its tree of {checkpoint.Size} entries was not shown to continue the one of {size}";
            if (store.Alarm(checkpoint.Origin, time.GetUtcNow().ToUnixTimeSeconds(), what, checkpoint.ToBytes()))
            {
                WitnessLog.Refused(logger, checkpoint.Origin, what);
            }

            return Say(StatusCodes.Status422UnprocessableEntity, what);
        }

        // A clock that was set back must not make a newer statement look older.
        var now = DateTimeOffset.FromUnixTimeSeconds(Math.Max(at, time.GetUtcNow().ToUnixTimeSeconds()));
        var line = signer.Cosign(checkpoint, now);
        var cosigned = checkpoint.WithCosignatures(line, [signer.Key]);
        store.Cosigned(cosigned, now.ToUnixTimeSeconds());
        mark.Write(cosigned);
        return new CosignAnswer(StatusCodes.Status200OK, line);
    }

    private static CosignAnswer Say(int status, string what) => new(status, what + "\n");
}
