using EdgeSensors.Trust.Client;

namespace EdgeSensors.Trust.Tests.Client;

/// <summary>What the tests of the client workflow share: a repository to attack from, a client's store, and the two outcomes.</summary>
public abstract class ClientTest : IDisposable
{
    private protected SimulatedRepository Repository { get; } = new();

    private protected MemoryStore Store { get; } = new();

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Repository.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<VerifiedRepository> Accepted(TufLimits? limits = null)
    {
        Assert.True((await Repository.Client(Store, limits).RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        return repository;
    }

    private protected async Task<TufError> Refused(TufErrorKind kind, string role, string step, TufLimits? limits = null)
    {
        Assert.False((await Repository.Client(Store, limits).RefreshAsync(Token)).TryGet(out _, out var error), "The attack was not noticed.");
        Assert.Equal((kind, role, step), (error.Kind, error.Role, error.Step));
        return error;
    }
}
