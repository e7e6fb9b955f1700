using CsCheck;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Tests.Requests;

/// <summary>Offline signing: a request goes out, is signed on machines that have nothing but it and their keys, and comes back.</summary>
public sealed class SigningRequestTests : IDisposable
{
    private readonly Foundation _foundation = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private byte[] FirstRoot => File.ReadAllBytes(Path.Combine(_foundation.Repository.MetadataDirectory, "1.root.json"));

    public void Dispose() => _foundation.Dispose();

    [Fact]
    public async Task A_root_is_rotated_by_three_people_one_after_another_and_clients_follow()
    {
        var client = _foundation.Client();
        Assert.True((await client.RefreshAsync(Token)).IsSuccess);
        using var fresh = SigningKey.Create();
        var root = Role("root");
        var request = Prepare(new RepositoryChange().ReplaceKeys("root", [root.Keys[1], root.Keys[2], fresh.PublicKey], 2));

        Assert.Contains(request.Says, line => line == $"  + root keys: {fresh.Id} (ed25519)");
        Assert.Contains(request.Says, line => line == $"  - root keys: {root.Keys[0].Id} (ed25519)");
        Assert.Equal([("root before", 0, 2), ("root after", 0, 2)], request.Standing().Select(s => (s.Whose, s.Signatures, s.Threshold)));

        // The stolen one may still sign as one of the old; one of them is not enough.
        using var offline = _foundation.Offline();
        request = Signed(request, offline.Of([root.Keys[1].Id])[0]);
        using (var online = _foundation.Online())
        {
            Assert.False(_foundation.Repository.Apply(request, online).TryGet(out _, out var missing));
            Assert.Equal((RepositoryErrorKind.KeysMissing, "root"), (missing.Kind, missing.Role));
            request = Signed(Signed(request, fresh), offline.Of([root.Keys[2].Id])[0]);
            Assert.All(request.Standing(), standing => Assert.True(standing.IsMet));
            Applied(request);
        }

        Assert.True((await client.RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        Assert.Equal(2, verified.RootVersion);
    }

    [Fact]
    public void Signing_elsewhere_and_on_one_machine_give_the_same_metadata()
    {
        using var other = new Foundation();
        using var key = SigningKey.Create();
        Applied(SignedByAll(Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey)), key), key));
        using var keys = other.All();
        keys.Add(key);
        other.Publish(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey)), keys);

        Assert.True(_foundation.Repository.ReadRoles().TryGet(out var here, out _));
        Assert.True(other.Repository.ReadRoles().TryGet(out var there, out _));
        Assert.Equal(there.Select(role => (role.Role, role.Version, role.Expires)), here.Select(role => (role.Role, role.Version, role.Expires)));
        Assert.Equal(2, here.Single(role => role.Role == "targets").Version);
    }

    [Fact]
    public async Task An_issuer_keeps_its_key_and_signs_its_own_grants_and_the_hub_cannot()
    {
        // The issuer's key never comes near the hub: only its public half does.
        using var issuer = SigningKey.Create();
        var isp = OperatorId.Parse("isp-a");
        var delegation = RoleDelegation.Mitigations(isp, issuer.PublicKey) with { AwaitsItsSigner = true };
        Applied(SignedByAll(Prepare(new RepositoryChange().Delegate(delegation))));
        var grant = _foundation.Grant() with { Issuer = isp };

        using var all = _foundation.All();
        Assert.False(_foundation.Repository.Publish(new RepositoryChange().Set(grant), all).TryGet(out _, out var refused));
        Assert.Equal((RepositoryErrorKind.KeysMissing, "mitigations-isp-a"), (refused.Kind, refused.Role));

        // Nor can somebody with every key of the hub and all offline keys of it sign the request for it.
        var request = Prepare(new RepositoryChange().Set(grant));
        foreach (var key in all.Of(all.KeyIds))
        {
            Assert.False(request.TrySign(key, out _, out _, out var notAsked));
            Assert.Equal(RequestFault.NotAsked, notAsked.Fault);
        }

        Assert.False(_foundation.Repository.Apply(request, all).IsSuccess);
        Applied(Signed(request, issuer));
        var client = _foundation.Client();
        Assert.True((await client.RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        Assert.True((await verified.FetchTargetAsync(grant.TargetName, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.Equal("mitigations-isp-a", target.Role);
    }

    [Fact]
    public void A_grant_of_another_issuers_paths_or_that_sensors_would_refuse_is_not_asked_for()
    {
        Assert.Throws<InvalidOperationException>(() => Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 0 })));
        var misplaced = new RepositoryChange().SetTarget("mitigations/national-soc/other.json", _foundation.Grant().ToCanonicalJson());

        Assert.False(_foundation.Repository.Prepare(misplaced, "test").TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.Refused, error.Kind);
        Assert.Contains("would be refused by sensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_that_no_longer_follows_what_is_published_is_outdated()
    {
        var first = SignedByAll(Prepare(new RepositoryChange().Set(_foundation.Grant())));
        var second = SignedByAll(Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 })));
        Applied(first);

        Refused(second, RepositoryErrorKind.Outdated, "mitigations-national-soc");
        Refused(first, RepositoryErrorKind.Outdated, "mitigations-national-soc"); // nor is one published twice
        var root = SignedByAll(Prepare(new RepositoryChange().Renew("root")));
        Applied(SignedByAll(Prepare(new RepositoryChange().Renew("root"))));
        Refused(root, RepositoryErrorKind.Outdated, "root");
    }

    [Fact]
    public void What_the_hub_publishes_meanwhile_does_not_outdate_a_request()
    {
        var request = SignedByAll(Prepare(new RepositoryChange().Set(_foundation.Grant())));
        using var online = _foundation.Online();
        _foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = 1, Rules = [] }), online);
        Applied(SignedByAll(Prepare(new RepositoryChange().Renew("root"))));

        Applied(request);
    }

    [Fact]
    public void A_role_whose_keys_were_changed_meanwhile_takes_no_older_signature()
    {
        var request = SignedByAll(Prepare(new RepositoryChange().Set(_foundation.Grant())));
        using var fresh = SigningKey.Create();
        Applied(SignedByAll(Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Issuer, fresh.PublicKey) with { AwaitsItsSigner = true }))));

        Refused(request, RepositoryErrorKind.Outdated, "mitigations-national-soc");
    }

    [Fact]
    public void A_request_of_another_repository_is_neither_signed_nor_published()
    {
        using var other = new Foundation();
        var request = Prepare(new RepositoryChange().Renew("root"));

        var error = request.Check(File.ReadAllBytes(Path.Combine(other.Repository.MetadataDirectory, "1.root.json")));
        Assert.Equal(RequestFault.OtherRepository, error!.Fault);
        using var online = other.Online();
        Assert.False(other.Repository.Apply(SignedByAll(request), online).TryGet(out _, out var refused));
        Assert.Equal(RepositoryErrorKind.Refused, refused.Kind);
    }

    [Fact]
    public void A_signer_who_knows_a_newer_root_does_not_sign_an_old_request()
    {
        var old = Prepare(new RepositoryChange().Renew("root"));
        Assert.Null(old.Check(FirstRoot));
        Applied(SignedByAll(Prepare(new RepositoryChange().Renew("root"))));
        Assert.True(_foundation.Repository.ReadRoot().TryGet(out var newest, out _));

        Assert.Equal(RequestFault.OtherRepository, old.Check(newest)!.Fault);
        Assert.Null(Prepare(new RepositoryChange().Renew("root")).Check(FirstRoot)); // the newer one rests on the first too
    }

    [Theory]
    [InlineData("after version 1", "after version 7", "its words are not what it does")]
    [InlineData("1 of 1 must sign", "2 of 2 must sign", "its words are not what it does")]
    [InlineData("\"version\":1}},\"role\":\"targets\"", "\"version\":9}},\"role\":\"targets\"", "not signed by the present keys")]
    [InlineData("\"version\":2}},\"role\":\"targets\"", "\"version\":3}},\"role\":\"targets\"", "does not follow")]
    [InlineData("\"terminating\":true,\"threshold\":1}]}", "\"terminating\":true,\"threshold\":3}]}", "fewer keys than must sign")]
    [InlineData("\"type\":\"signing-request\"", "\"type\":\"signing-requests\"", "is not 'signing-request'")]
    [InlineData("\"online\":[]", "\"online\":[\"targets\"]", "leaves an offline role to the hub")]
    [InlineData("\"_type\":\"targets\",\"delegations\":{", "\"_type\":\"targets\",\"a-surprise\":1,\"delegations\":{", "cannot be shown")]
    public void A_request_that_says_something_else_than_it_does_is_refused(string what, string with, string reason)
    {
        using var key = SigningKey.Create();
        var text = System.Text.Encoding.UTF8.GetString(Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey) with { AwaitsItsSigner = true })).ToBytes());
        // What is published comes first and looks much the same.
        var at = Math.Max(0, text.LastIndexOf(what, StringComparison.Ordinal));
        Assert.StartsWith(what, text[at..], StringComparison.Ordinal);

        Assert.False(SigningRequest.TryParse(System.Text.Encoding.UTF8.GetBytes(text[..at] + with + text[(at + what.Length)..]), out _, out var error));
        Assert.Contains(reason, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_hidden_in_the_next_metadata_is_refused()
    {
        var text = System.Text.Encoding.UTF8.GetString(Prepare(new RepositoryChange().Renew("root")).ToBytes());
        var at = text.IndexOf("\"next_root\"", StringComparison.Ordinal);
        var hidden = text[..at] + text[at..].Replace("\"spec_version\":\"1.0.34\",\"version\":2", "\"spec_version\":\"1.0.34\",\"surprise\":1,\"version\":2", StringComparison.Ordinal);

        Assert.NotEqual(text, hidden);
        Assert.False(SigningRequest.TryParse(System.Text.Encoding.UTF8.GetBytes(hidden), out _, out var error));
        Assert.Contains("cannot be shown", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_replaced_comes_along_as_it_is_published_and_nothing_else_does()
    {
        var grant = _foundation.Grant();
        Applied(SignedByAll(Prepare(new RepositoryChange().Set(grant))));
        var request = Prepare(new RepositoryChange().Set(grant with { MaxRules = 5 }).Set(grant with { Id = DocumentId.Parse("second") }));
        Assert.Equal([grant.TargetName], request.Published.Keys);
        Assert.Equal(grant.ToCanonicalJson(), request.Published[grant.TargetName].ToArray());

        var text = System.Text.Encoding.UTF8.GetString(request.ToBytes());
        var at = text.IndexOf("\"published\":[", StringComparison.Ordinal);
        var end = text.IndexOf(']', at);
        var other = Convert.ToBase64String((grant with { MaxRules = 4 }).ToCanonicalJson());
        foreach (var (with, reason) in new[]
        {
            ("\"published\":[", "without what is published of it"),
            ($"\"published\":[{{\"content\":\"{other}\",\"name\":\"{grant.TargetName}\"}}", "without what is published of it"),
            (text[at..end] + ",{\"content\":\"\",\"name\":\"blocklists/listed.json\"}", "which it does not change"),
        })
        {
            Assert.False(SigningRequest.TryParse(System.Text.Encoding.UTF8.GetBytes(text[..at] + with + text[end..]), out _, out var error));
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_a_version_says_again_is_told_as_well()
    {
        var grant = _foundation.Grant();
        Applied(SignedByAll(Prepare(new RepositoryChange().Set(grant))));
        using var key = SigningKey.Create();

        var second = Prepare(new RepositoryChange().Set(grant with { Id = DocumentId.Parse("second") }));
        Assert.Contains(second.CarriesOn, line => line.StartsWith($"  = {grant.TargetName}: {grant.ToCanonicalJson().Length} octets, sha256 ", StringComparison.Ordinal));
        Assert.DoesNotContain(second.CarriesOn, line => line.Contains("second", StringComparison.Ordinal));

        var delegated = Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey) with { AwaitsItsSigner = true }));
        Assert.Contains("  = delegation to control: control/*", delegated.CarriesOn);
        Assert.Contains("  = mitigations-national-soc keys: 1 of 1 must sign", delegated.CarriesOn);
        Assert.DoesNotContain(delegated.CarriesOn, line => line.Contains(key.Id, StringComparison.Ordinal));

        var root = Role("root");
        var rotated = Prepare(new RepositoryChange().ReplaceKeys("root", [root.Keys[1], root.Keys[2], key.PublicKey], 2));
        Assert.Contains($"  = root keys: {root.Keys[1].Id} (ed25519)", rotated.CarriesOn);
        Assert.DoesNotContain(rotated.CarriesOn, line => line.Contains(root.Keys[0].Id, StringComparison.Ordinal));
    }

    [Fact]
    public void A_change_that_only_the_hub_signs_is_no_request()
    {
        Assert.False(_foundation.Repository.Prepare(new RepositoryChange().Set(new RuleSet { Revision = 1, Rules = [] }), "test").TryGet(out _, out var error));
        Assert.Equal(RepositoryErrorKind.Refused, error.Kind);
    }

    [Fact]
    public async Task The_control_key_is_exchanged_by_the_targets_keys_and_the_hub_signs_anew_by_itself()
    {
        var client = _foundation.Client();
        using var before = _foundation.Online();
        _foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = 1, Rules = [_foundation.Rule()] }), before);
        using var fresh = SigningKey.Create();
        var request = Prepare(new RepositoryChange().Delegate(RoleDelegation.Control(fresh.PublicKey)));
        Assert.Contains(request.Says, line => line.StartsWith("control: the hub signs", StringComparison.Ordinal));
        Assert.Equal(["targets"], request.Roles);
        request = SignedByAll(request);

        // A rule that was activated while the request was away is not lost.
        _foundation.Publish(new RepositoryChange().Set(new RuleSet { Revision = 2, Rules = [_foundation.Rule("rule-2")] }), before);
        OnlineKeys.Save(_foundation.Folders.OnlineKeys, "control", fresh);
        Applied(request);

        Assert.True((await client.RefreshAsync(Token)).TryGet(out var verified, out var error), error?.ToString());
        Assert.True((await verified.FetchTargetAsync(TargetNames.Rules, Token)).TryGet(out var target, out error), error?.ToString());
        Assert.True(RuleSet.TryParse(target.Bytes, out var rules, out _));
        Assert.Equal("rule-2", Assert.Single(rules.Rules).Id.Text);
        Assert.False(_foundation.Repository.Publish(new RepositoryChange().Renew("control"), before).TryGet(out _, out var refused));
        Assert.Equal((RepositoryErrorKind.KeysMissing, "control"), (refused.Kind, refused.Role));
    }

    [Fact]
    public async Task A_delegation_that_was_taken_back_and_given_to_another_does_not_carry_the_first_ones_word()
    {
        Applied(SignedByAll(Prepare(new RepositoryChange().Set(_foundation.Grant()))));
        Applied(SignedByAll(Prepare(new RepositoryChange().Withdraw("mitigations-national-soc"))));
        Assert.True((await _foundation.Client().RefreshAsync(Token)).TryGet(out var verified, out _));
        Assert.False((await verified.FetchTargetAsync(_foundation.Grant().TargetName, Token)).TryGet(out _, out var error));
        Assert.Equal(TufErrorKind.TargetNotFound, error.Kind);

        using var successor = SigningKey.Create();
        Applied(SignedByAll(Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Issuer, successor.PublicKey) with { AwaitsItsSigner = true }))));
        var other = _foundation.Grant() with { Id = DocumentId.Parse("second") };
        Applied(Signed(Prepare(new RepositoryChange().Set(other)), successor));

        var client = _foundation.Client();
        Assert.True((await client.RefreshAsync(Token)).TryGet(out verified, out error), error?.ToString());
        Assert.True((await verified.FetchTargetAsync(other.TargetName, Token)).TryGet(out var found, out error), error?.ToString());
        Assert.Equal(3, found.RoleVersion); // and no version goes back
        Assert.False((await verified.FetchTargetAsync(_foundation.Grant().TargetName, Token)).IsSuccess);
    }

    [Fact]
    public void Any_octets_give_a_request_or_a_typed_error()
    {
        using var key = SigningKey.Create();
        var bytes = Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey) with { AwaitsItsSigner = true })).ToBytes();
        Mutation.Of(bytes).Sample(mutated => SigningRequest.TryParse(mutated, out var read, out var error) ? read.Standing().Count > 0 : error.Message.Length > 0, iter: Fuzzing.Iterations(1_000));
        Assert.True(SigningRequest.TryParse(bytes, out var same, out var fault), fault?.ToString());
        Assert.Equal(bytes, same.ToBytes());
    }

    private RoleStatus Role(string name)
    {
        Assert.True(_foundation.Repository.ReadRoles().TryGet(out var roles, out var error), error?.ToString());
        return roles.Single(role => role.Role == name);
    }

    // Through its octets, as it travels.
    private SigningRequest Prepare(RepositoryChange change, SigningKey? known = null)
    {
        Assert.True(_foundation.Repository.Prepare(change, "a test").TryGet(out var request, out var error), error?.ToString());
        Assert.True(SigningRequest.TryParse(request.ToBytes(), out var read, out var fault), fault?.ToString());
        Assert.Equal(request.Says, read.Says);
        Assert.Null(read.Check(FirstRoot));
        Assert.False(known is not null && read.Standing().All(standing => standing.IsMet));
        return read;
    }

    private static SigningRequest Signed(SigningRequest request, IMetadataSigner key)
    {
        Assert.True(request.TrySign(key, out var next, out _, out var error), error?.ToString());
        Assert.True(SigningRequest.TryParse(next.ToBytes(), out var read, out error), error?.ToString());
        return read;
    }

    private SigningRequest SignedByAll(SigningRequest request, params SigningKey[] more)
    {
        using var offline = _foundation.Offline();
        foreach (var key in offline.Of(offline.KeyIds).Concat(more))
        {
            request = request.TrySign(key, out var next, out _, out _) ? next : request;
        }

        return request;
    }

    private void Applied(SigningRequest request)
    {
        using var online = _foundation.Online();
        Assert.True(_foundation.Repository.Apply(request, online).TryGet(out _, out var error), error?.ToString());
    }

    private void Refused(SigningRequest request, RepositoryErrorKind kind, string role)
    {
        using var online = _foundation.Online();
        Assert.False(_foundation.Repository.Apply(request, online).TryGet(out _, out var error));
        Assert.Equal((kind, role), (error.Kind, error.Role));
    }
}
