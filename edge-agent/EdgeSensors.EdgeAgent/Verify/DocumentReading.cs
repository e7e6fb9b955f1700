using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using Microsoft.Extensions.Logging;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>Reads documents of one repository, until one cannot be brought.</summary>
/// <param name="repository">The repository.</param>
/// <param name="logger">Where refused documents are named.</param>
/// <param name="cancellationToken">Ends it early.</param>
internal sealed class DocumentReading(VerifiedRepository repository, ILogger logger, CancellationToken cancellationToken)
{
    /// <summary>Reads a document's bytes.</summary>
    public delegate bool Parse<T>(ReadOnlyMemory<byte> bytes, out T? document, out DocumentError? error)
        where T : class;

    /// <summary>Why a document could not be brought where that says nothing about it; null while none was.</summary>
    public TufError? Interruption { get; private set; }

    /// <summary>Why the last document was refused, as a token; null when it was read or is not there.</summary>
    public string? LastRefusal { get; private set; }

    /// <summary>A document; null when it is not there, is refused, or could not be brought.</summary>
    public async Task<T?> DocumentAsync<T>(string name, Parse<T> parse)
        where T : class
    {
        LastRefusal = null;
        if (Interruption is not null)
        {
            return null;
        }

        if (!(await repository.FetchTargetAsync(name, cancellationToken).ConfigureAwait(false)).TryGet(out var target, out var error))
        {
            if (UpdateRefusal.SaysNothing(error))
            {
                Interruption = error;
            }
            else if (error.Kind != TufErrorKind.TargetNotFound)
            {
                LastRefusal = UpdateRefusal.Token(error);
                VerifyLog.DocumentRefused(logger, name, error.ToString());
            }

            return null;
        }

        if (!parse(target.Bytes, out var document, out var fault))
        {
            LastRefusal = "document-malformed";
            VerifyLog.DocumentRefused(logger, name, fault!.ToString());
        }

        return document;
    }
}
