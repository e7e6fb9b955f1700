using EdgeSensors.Trust.Client;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>
/// Gives the turn away while something is on the line: whoever holds it may use the client, its stores and what is made of them, and a large file that drips keeps nobody from a small one.
/// </summary>
/// <param name="inner">Brings files.</param>
/// <param name="turn">Held by whoever calls.</param>
internal sealed class TurnTransport(ITufTransport inner, SemaphoreSlim turn) : ITufTransport
{
    /// <summary>Whether nothing is fetched: what is not stored is out of reach.</summary>
    public bool OnlyStored { get; set; }

    /// <inheritdoc/>
    public Task<FetchOutcome> FetchMetadataAsync(string fileName, long maxBytes, CancellationToken cancellationToken) =>
        FetchAsync(() => inner.FetchMetadataAsync(fileName, maxBytes, cancellationToken));

    /// <inheritdoc/>
    public Task<FetchOutcome> FetchTargetAsync(string path, long maxBytes, CancellationToken cancellationToken) =>
        FetchAsync(() => inner.FetchTargetAsync(path, maxBytes, cancellationToken));

    private async Task<FetchOutcome> FetchAsync(Func<Task<FetchOutcome>> fetch)
    {
        if (OnlyStored)
        {
            return new FetchOutcome(FetchStatus.Unreachable, default, "it is not stored");
        }

        turn.Release();
        try
        {
            return await fetch().ConfigureAwait(false);
        }
        finally
        {
            await turn.WaitAsync(CancellationToken.None).ConfigureAwait(false);
        }
    }
}
