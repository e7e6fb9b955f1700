using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Trust.Tests.Repository;

public sealed class PublishTests : IDisposable
{
    private readonly Foundation _foundation = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _foundation.Dispose();

    [Fact]
    public async Task A_founded_repository_verifies_and_holds_an_empty_rule_set()
    {
        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());

        Assert.True((await repository.FetchTargetAsync(TargetNames.Rules, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.True(RuleSet.TryParse(target.Bytes, out var rules, out _));
        Assert.Empty(rules.Rules);
        Assert.Equal(RepositoryRoles.Control, target.Role);
    }

    [Fact]
    public async Task A_rule_that_the_online_keys_publish_reaches_a_client()
    {
        using var online = _foundation.Online();
        var client = _foundation.Client();
        Assert.True((await client.RefreshAsync(Token)).IsSuccess);

        var publication = _foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = 1, Rules = [_foundation.Rule()] }), online);

        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.Equal(publication.TimestampVersion, repository.TimestampVersion);
        Assert.True((await repository.FetchTargetAsync(TargetNames.Rules, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.True(RuleSet.TryParse(target.Bytes, out var rules, out _));
        Assert.Equal("rule-1", Assert.Single(rules.Rules).Id.Text);
    }

    [Fact]
    public void The_online_keys_alone_cannot_publish_a_grant()
    {
        using var online = _foundation.Online();

        Assert.False(_foundation.Repository.Publish(new RepositoryChange().Set(_foundation.Grant()), online).TryGet(out _, out var error));

        Assert.Equal(RepositoryErrorKind.KeysMissing, error.Kind);
        Assert.Equal("mitigations-national-soc", error.Role);
    }

    [Fact]
    public void One_targets_key_cannot_delegate_where_two_must_sign()
    {
        using var online = _foundation.Online();
        using var issuer = SigningKey.Create();
        online.Add(issuer);
        var offline = KeyFolder.Files(_foundation.Folders.OfflineKeys, "targets").First();
        Assert.True(KeyFolder.TryRead(offline, _foundation.Passphrase, out var one, out _));
        online.Add(one);

        var change = new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, issuer));
        Assert.False(_foundation.Repository.Publish(change, online).TryGet(out _, out var error));

        Assert.Equal((RepositoryErrorKind.KeysMissing, "targets"), (error.Kind, error.Role));
    }
}
