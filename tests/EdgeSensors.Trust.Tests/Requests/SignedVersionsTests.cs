using CsCheck;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Trust.Tests.Requests;

/// <summary>What a signer remembers: old metadata carries good signatures for ever, so nothing in a request tells that it goes back.</summary>
public sealed class SignedVersionsTests : IDisposable
{
    private const string Issuer = "mitigations-national-soc";

    private readonly Foundation _foundation = new();

    public void Dispose() => _foundation.Dispose();

    [Fact]
    public void A_request_that_goes_back_behind_what_was_signed_is_refused()
    {
        var old = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        Apply(old);
        var newer = Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 }));
        var signed = SignedVersions.None.With(old, old.Roles).With(newer, newer.Roles);

        Assert.Null(signed.Check(newer, []));
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(old, [])));
        Assert.Contains("goes back behind version 3", signed.Check(old, [])!.Message, StringComparison.Ordinal);
        Assert.NotNull(signed.Check(old, [Sha256(newer), Sha256(old)])); // that is nothing to give up

        Apply(newer);
        Assert.Null(signed.Check(Prepare(new RepositoryChange().Renew(Issuer)), []));
    }

    [Fact]
    public void A_second_content_of_one_version_is_refused_unless_the_first_is_given_up()
    {
        var first = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        var second = Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 }));
        var signed = SignedVersions.None.With(first, first.Roles);

        Assert.Null(signed.Check(first, [])); // by another key of the same person
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(second, [])));
        Assert.Contains(Sha256(first), signed.Check(second, [])!.Message, StringComparison.Ordinal);
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(second, [Sha256(second)])));
        Assert.Null(signed.Check(second, [Sha256(first)]));
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.With(second, second.Roles).Check(first, [])));
    }

    [Fact]
    public void Who_delegates_is_not_shown_as_it_was_before_what_was_signed()
    {
        using var key = SigningKey.Create();
        var old = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        var admission = Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey) with { AwaitsItsSigner = true }));
        Apply(admission);
        var renewal = Prepare(new RepositoryChange().Renew("targets"));
        var signed = SignedVersions.None.With(admission, admission.Roles).With(renewal, renewal.Roles);

        // The old one does not touch the role of targets, but shows it as it was before the admission.
        Assert.Equal(["targets"], renewal.Roles);
        Assert.DoesNotContain("targets", old.Roles);
        Assert.Equal((RequestFault.RolledBack, "targets"), Refused(signed.Check(old, [])));

        // What was signed last may not be published yet.
        Assert.Null(SignedVersions.None.With(admission, admission.Roles).Check(old, []));
    }

    [Fact]
    public void What_others_brought_out_under_a_number_that_was_signed_here_is_told()
    {
        var here = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        Apply(Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 })));
        var next = Prepare(new RepositoryChange().Renew(Issuer));
        var signed = SignedVersions.None.With(here, here.Roles);

        Assert.Null(signed.Check(next, []));
        Assert.Equal([(Issuer, 2L)], signed.PublishedOtherwise(next).Select(role => (role.Role, role.Version)));
        Assert.Empty(SignedVersions.None.PublishedOtherwise(next));
    }

    [Fact]
    public void Any_octets_give_what_was_signed_or_a_typed_error()
    {
        var request = Prepare(new RepositoryChange().Renew("root").Renew("targets"));
        var bytes = SignedVersions.None.With(request, request.Roles).With(Prepare(new RepositoryChange().Renew(Issuer)), [Issuer]).ToCanonicalJson();

        Assert.True(SignedVersions.TryParse(bytes, out var read, out var fault), fault?.ToString());
        Assert.Equal(["mitigations-national-soc", "root", "targets"], read.Roles.Select(role => role.Role).Order(StringComparer.Ordinal));
        Assert.Equal(bytes, read.ToCanonicalJson());
        Mutation.Of(bytes).Sample(mutated => SignedVersions.TryParse(mutated, out var document, out var error) ? document.Roles.Count >= 0 : error.ToString().Length > 0, iter: Fuzzing.Iterations(1_000));
        Assert.False(SignedVersions.TryParse("""{"roles":[{"role":"a","sha256":"00","version":1}],"spec":1,"type":"signed-versions"}"""u8.ToArray(), out _, out _));
    }

    private static (RequestFault, string) Refused(RequestError? error) => (Assert.IsType<RequestError>(error).Fault, error.Role);

    private static string Sha256(SigningRequest request) => Assert.Single(request.Versions).Sha256;

    private SigningRequest Prepare(RepositoryChange change)
    {
        Assert.True(_foundation.Repository.Prepare(change, "a test").TryGet(out var request, out var error), error?.ToString());
        return request;
    }

    private void Apply(SigningRequest request)
    {
        using var offline = _foundation.Offline();
        using var online = _foundation.Online();
        foreach (var key in offline.Of(offline.KeyIds))
        {
            request = request.TrySign(key, out var next, out _, out _) ? next : request;
        }

        Assert.True(_foundation.Repository.Apply(request, online).TryGet(out _, out var error), error?.ToString());
    }
}
