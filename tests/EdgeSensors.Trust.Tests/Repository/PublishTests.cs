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

        var change = new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, issuer.PublicKey));
        Assert.False(_foundation.Repository.Publish(change, online).TryGet(out _, out var error));

        Assert.Equal((RepositoryErrorKind.KeysMissing, "targets"), (error.Kind, error.Role));
    }

    [Fact]
    public async Task A_new_operator_is_delegated_to_and_its_authorisation_published_at_once()
    {
        using var keys = _foundation.All();
        var newcomer = Protocol.OperatorId.Parse("carrier-b");
        var key = SigningKey.Create();
        keys.Add(key);
        var authorization = Documents.Samples.Authorization with { Operator = newcomer };

        _foundation.Publish(new RepositoryChange().Delegate(RoleDelegation.Authorizations(newcomer, key.PublicKey)).Set(authorization), keys);

        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.True((await repository.FetchTargetAsync(authorization.TargetName, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.Equal("authorizations-carrier-b", target.Role);
        Assert.True(CollectionAuthorization.TryParse(target.Bytes, target.Name, out _, out var fault), fault?.ToString());
    }

    [Fact]
    public async Task A_removed_target_is_gone_for_clients()
    {
        using var keys = _foundation.All();
        var client = _foundation.Client();
        _foundation.Publish(new RepositoryChange().Set(_foundation.Grant()), keys);
        _foundation.Publish(new RepositoryChange().RemoveTarget(_foundation.Grant().TargetName), keys);

        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out _));
        Assert.False((await repository.FetchTargetAsync(_foundation.Grant().TargetName, Token)).TryGet(out _, out var error));
        Assert.Equal(Trust.Client.TufErrorKind.TargetNotFound, error.Kind);
    }

    [Fact]
    public async Task All_root_keys_can_be_replaced_and_clients_follow()
    {
        using var keys = _foundation.All();
        var client = _foundation.Client();
        SigningKey[] next = [SigningKey.Create(), SigningKey.Create()];
        foreach (var key in next)
        {
            keys.Add(key);
        }

        _foundation.Publish(new RepositoryChange().ReplaceKeys("root", [.. next.Select(key => key.PublicKey)], 2), keys);

        Assert.True((await client.RefreshAsync(Token)).TryGet(out var repository, out var error), error?.ToString());
        Assert.Equal(2, repository.RootVersion);
        Assert.True(_foundation.Repository.ReadRoot().TryGet(out var root, out _));
        Assert.Equal(File.ReadAllBytes(Path.Combine(_foundation.Repository.MetadataDirectory, "2.root.json")), root);
    }

    [Fact]
    public void Online_roles_are_renewed_when_half_of_their_life_is_over_and_not_before()
    {
        using var online = _foundation.Online();

        Assert.True(_foundation.Repository.RenewExpiring(online).TryGet(out var first, out _));
        Assert.Equal((1, 1), (first.TimestampVersion, first.SnapshotVersion));

        _foundation.Time.Advance(TimeSpan.FromHours(13));
        Assert.True(_foundation.Repository.RenewExpiring(online).TryGet(out var second, out _));
        Assert.Equal((2, 1), (second.TimestampVersion, second.SnapshotVersion));

        _foundation.Time.Advance(TimeSpan.FromDays(4));
        Assert.True(_foundation.Repository.RenewExpiring(online).TryGet(out var third, out _));
        Assert.Equal((3, 2), (third.TimestampVersion, third.SnapshotVersion));
        Assert.Equal([RepositoryRoles.Control], third.Roles);
    }

    [Fact]
    public void A_serving_hub_can_tell_that_its_ring_holds_an_offline_key()
    {
        using var online = _foundation.Online();
        Assert.True(_foundation.Repository.FindOfflineKey(online).TryGet(out var role, out _));
        Assert.Empty(role);

        using var all = _foundation.All();
        Assert.True(_foundation.Repository.FindOfflineKey(all).TryGet(out role, out _));
        Assert.Equal("root", role);
        Assert.False(OfflineKeys.CanOpen(_foundation.Folders.OfflineKeys, []));
        Assert.True(OfflineKeys.CanOpen(_foundation.Folders.OfflineKeys, [_foundation.Passphrase]));
    }

    [Fact]
    public void Old_versions_are_forgotten_and_the_last_of_them_kept()
    {
        using var online = _foundation.Online();
        for (var revision = 1; revision <= 40; revision++)
        {
            _foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = revision, Rules = [] }), online);
        }

        Assert.Equal(41, Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.control.json").Length);
        Assert.True(_foundation.Repository.Forget().IsSuccess);
        var kept = RepositoryOptions.Default.KeptVersions;
        Assert.Equal(kept, Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.control.json").Length);
        Assert.Equal(kept, Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.snapshot.json").Length);
        Assert.Equal(kept, Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.timestamp.json").Length);
        Assert.Equal(kept, Directory.GetFiles(Path.Combine(_foundation.Repository.TargetsDirectory, "control")).Length);
        Assert.Single(Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.root.json"));
    }

    [Fact]
    public async Task Publishers_in_several_threads_take_turns()
    {
        using var online = _foundation.Online();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(
            () =>
            {
                for (var i = 0; i < 5; i++)
                {
                    _foundation.Publish(new RepositoryChange().Renew(RepositoryRoles.Control), online);
                }
            },
            Token)));

        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var repository, out _));
        Assert.Equal(21, repository.TimestampVersion);
    }

    [Fact]
    public void A_directory_without_a_repository_says_so()
    {
        Assert.False(TufRepository.Open(_foundation.Folder["nothing"], RepositoryOptions.Default, _foundation.Time).TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.NotARepository, error.Kind);
    }

    [Fact]
    public void A_damaged_file_is_an_error_and_no_crash()
    {
        using var online = _foundation.Online();
        File.WriteAllText(Path.Combine(_foundation.Repository.MetadataDirectory, "1.snapshot.json"), "{");

        Assert.False(_foundation.Repository.Publish(new RepositoryChange().Renew("control"), online).TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.Damaged, error.Kind);

        File.Delete(Path.Combine(_foundation.Repository.MetadataDirectory, "1.snapshot.json"));
        Assert.False(_foundation.Repository.ListTargets().TryGet(out _, out error));
        Assert.Equal(RepositoryErrorKind.Damaged, error.Kind);
    }

    [Fact]
    public void A_second_foundation_in_the_same_place_is_refused()
    {
        var again = TufRepository.Found(_foundation.Folders, Foundation.Plan, _foundation.Passphrase, Foundation.Cheap, RepositoryOptions.Default, _foundation.Time);

        Assert.False(again.TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.AlreadyExists, error.Kind);
    }

    [Fact]
    public void Every_published_file_is_canonical_as_it_lies()
    {
        foreach (var path in Directory.GetFiles(_foundation.Repository.MetadataDirectory, "*.json"))
        {
            var bytes = File.ReadAllBytes(path);
            Assert.True(Trust.Json.StrictJson.TryParse(bytes, bytes.Length, 24, out var json, out _));
            Assert.True(Trust.Json.CanonicalJson.TryEncode(json.RootElement, out var canonical));
            Assert.Equal(bytes, canonical);
            json.Dispose();
        }
    }

    [Fact]
    public void What_lies_in_the_repository_can_be_read_back()
    {
        using var keys = _foundation.All();
        _foundation.Publish(new RepositoryChange().Set(_foundation.Grant()), keys);

        Assert.True(_foundation.Repository.ListTargets().TryGet(out var names, out _));
        Assert.Equal([TargetNames.Rules, "mitigations/national-soc/scanners.json"], names);
        Assert.True(_foundation.Repository.ReadTarget("mitigations/national-soc/scanners.json").TryGet(out var bytes, out _));
        Assert.Equal(_foundation.Grant().ToCanonicalJson(), bytes);
        Assert.True(_foundation.Repository.ReadRoles().TryGet(out var roles, out _));
        Assert.Contains(roles, role => role is { Role: "mitigations-national-soc", Version: 2 });
    }
}
