using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Trust.Tests.Repository;

/// <summary>Roles that delegated roles delegate to, path patterns and the terminating flag, from the side of who publishes (specification §4.5 and §5.6.7).</summary>
public sealed class NestedDelegationTests : IDisposable
{
    private const string Issuer = "mitigations-national-soc";

    private readonly Foundation _foundation = new();
    private readonly KeyRing _keys;
    private readonly SigningKey _lab = SigningKey.Create();

    public NestedDelegationTests()
    {
        _keys = _foundation.All();
        _keys.Add(_lab);
        _foundation.Publish(
            new RepositoryChange().Delegate(new RoleDelegation { Delegator = Issuer, Role = "lab", Paths = ["mitigations/national-soc/lab-*", "mitigations/national-soc/l?b"], Keys = [_lab.PublicKey] }), _keys);
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _keys.Dispose();
        _foundation.Dispose();
    }

    [Fact]
    public async Task A_grant_goes_to_the_lowest_role_whose_pattern_covers_it_and_a_client_finds_it_there()
    {
        var (above, below) = (Grant("scanners"), Grant("lab-1"));
        _foundation.Publish(new RepositoryChange().Set(above).Set(below), _keys);

        Assert.Equal("lab", (await FetchAsync(below.TargetName)).Role);
        Assert.Equal(Issuer, (await FetchAsync(above.TargetName)).Role);
        Assert.True(_foundation.Repository.ListTargets().TryGet(out var names, out _));
        Assert.Equal([TargetNames.Rules, below.TargetName, above.TargetName], names);
        Assert.True(_foundation.Repository.ReadTarget(below.TargetName).TryGet(out var bytes, out _));
        Assert.Equal(below.ToCanonicalJson(), bytes);
    }

    [Fact]
    public void The_lower_roles_key_alone_publishes_below_and_not_beside()
    {
        using var own = _foundation.Online();
        own.Add(_lab);
        Assert.True(_foundation.Repository.Publish(new RepositoryChange().Set(Grant("lab-2")), own).IsSuccess);
        Assert.False(_foundation.Repository.Publish(new RepositoryChange().Set(Grant("other")), own).TryGet(out _, out var error));
        Assert.Equal((RepositoryErrorKind.KeysMissing, Issuer), (error.Kind, error.Role));
    }

    [Fact]
    public async Task What_a_lower_role_was_given_beyond_its_delegators_paths_is_not_found()
    {
        using var key = SigningKey.Create();
        _keys.Add(key);
        _foundation.Publish(new RepositoryChange().Delegate(new RoleDelegation { Delegator = Issuer, Role = "greedy", Paths = ["*/*/*", "*/*"], Keys = [key.PublicKey] }), _keys);

        // Where it belongs is asked from above: the greedy one never comes into it.
        _foundation.Publish(new RepositoryChange().SetTarget("authorizations/carrier-a/x", new byte[] { 1 }), _keys);
        Assert.Equal("authorizations-carrier-a", (await FetchAsync("authorizations/carrier-a/x")).Role);
        Assert.Equal("greedy", (await FetchAfterAsync(Grant("free"))).Role);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public async Task Behind_a_terminating_delegation_nobody_else_is_asked(bool terminating, bool found)
    {
        using var first = SigningKey.Create();
        using var second = SigningKey.Create();
        _keys.Add(first);
        _keys.Add(second);
        _foundation.Publish(new RepositoryChange()
            .Delegate(new RoleDelegation { Role = "second", Paths = ["firmware/*"], Keys = [second.PublicKey] }), _keys);
        _foundation.Publish(new RepositoryChange().SetTarget("firmware/tap.bin", new byte[] { 7 }), _keys);

        // The order is that in which they are asked: to come first, the second is taken back and given anew.
        _foundation.Publish(new RepositoryChange().Withdraw("second"), _keys);
        _foundation.Publish(new RepositoryChange().Delegate(new RoleDelegation { Role = "first", Paths = ["firmware/*"], Keys = [first.PublicKey], Terminating = terminating }), _keys);
        _foundation.Publish(new RepositoryChange().Delegate(new RoleDelegation { Role = "second", Paths = ["firmware/*"], Keys = [second.PublicKey], AwaitsItsSigner = true }), _keys);

        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        Assert.Equal(found, (await verified.FetchTargetAsync("firmware/tap.bin", Token)).IsSuccess);
    }

    [Fact]
    public void A_lower_role_is_listed_renewed_and_withdrawn()
    {
        Assert.True(_foundation.Repository.ReadRoles().TryGet(out var roles, out _));
        var lab = roles.Single(role => role.Role == "lab");
        Assert.Equal((Issuer, 1, 2, true), (lab.Delegator, lab.Threshold, lab.Paths.Count, lab.Terminating));

        _foundation.Time.Advance(TimeSpan.FromDays(200));
        Assert.True(_foundation.Repository.RenewExpiring(_keys).TryGet(out var renewed, out _));
        Assert.Contains("lab", renewed.Roles);
        Assert.True(_foundation.Repository.Prepare(new RepositoryChange().Withdraw("lab"), "").TryGet(out var request, out var error), error?.ToString());
        Assert.Equal([Issuer], request.Roles);
    }

    [Fact]
    public void A_delegation_that_nobody_could_meet_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new RepositoryChange().Delegate(new RoleDelegation { Role = "a", Paths = ["a/*"], Keys = [_lab.PublicKey], Threshold = 2 }));
        Assert.Throws<ArgumentException>(() => new RepositoryChange().Delegate(new RoleDelegation { Role = "a", Paths = ["a/*"], Keys = [_lab.PublicKey, _lab.PublicKey], Threshold = 2 }));
        Assert.Throws<ArgumentException>(() => new RepositoryChange().Delegate(new RoleDelegation { Role = "targets", Paths = ["a/*"], Keys = [_lab.PublicKey] }));
        Assert.Throws<ArgumentException>(() => new RepositoryChange().Delegate(new RoleDelegation { Role = "../a", Paths = ["a/*"], Keys = [_lab.PublicKey] }));
        Assert.Throws<ArgumentException>(() => new RepositoryChange().Delegate(new RoleDelegation { Role = "a", Paths = [], Keys = [_lab.PublicKey] }));
        Assert.Throws<ArgumentException>(() => new RepositoryChange().ReplaceKeys("root", [_lab.PublicKey], 2));
    }

    private Grant Grant(string id) => _foundation.Grant() with { Id = DocumentId.Parse(id) };

    private Task<VerifiedTarget> FetchAfterAsync(Grant grant)
    {
        _foundation.Publish(new RepositoryChange().Set(grant), _keys);
        return FetchAsync(grant.TargetName);
    }

    private async Task<VerifiedTarget> FetchAsync(string name)
    {
        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        Assert.True((await verified.FetchTargetAsync(name, Token)).TryGet(out var target, out error), error?.ToString());
        return target;
    }
}
