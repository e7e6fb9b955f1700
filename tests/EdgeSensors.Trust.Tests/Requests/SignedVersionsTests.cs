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
        var signed = SignedVersions.None.With(old.Step, old.Roles).With(newer.Step, newer.Roles);

        Assert.Null(signed.Check(newer.Step, []));
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(old.Step, [])));
        Assert.Contains("goes back behind version 3", signed.Check(old.Step, [])!.Message, StringComparison.Ordinal);
        Assert.NotNull(signed.Check(old.Step, [Sha256(newer), Sha256(old)])); // that is nothing to give up

        Apply(newer);
        Assert.Null(signed.Check(Prepare(new RepositoryChange().Renew(Issuer)).Step, []));
    }

    [Fact]
    public void A_second_content_of_one_version_is_refused_unless_the_first_is_given_up()
    {
        var first = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        var second = Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 }));
        var signed = SignedVersions.None.With(first.Step, first.Roles);

        Assert.Null(signed.Check(first.Step, [])); // by another key of the same person
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(second.Step, [])));
        Assert.Contains(Sha256(first), signed.Check(second.Step, [])!.Message, StringComparison.Ordinal);
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.Check(second.Step, [Sha256(second)])));
        Assert.Null(signed.Check(second.Step, [Sha256(first)]));
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(signed.With(second.Step, second.Roles).Check(first.Step, [])));
    }

    [Fact]
    public void Who_delegates_is_not_shown_as_it_was_before_what_was_signed()
    {
        using var key = SigningKey.Create();
        var old = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        var admission = Prepare(new RepositoryChange().Delegate(RoleDelegation.Mitigations(Foundation.Carrier, key.PublicKey) with { AwaitsItsSigner = true }));
        Apply(admission);
        var renewal = Prepare(new RepositoryChange().Renew("targets"));
        var signed = SignedVersions.None.With(admission.Step, admission.Roles).With(renewal.Step, renewal.Roles);

        // The old one does not touch the role of targets, but shows it as it was before the admission.
        Assert.Equal(["targets"], renewal.Roles);
        Assert.DoesNotContain("targets", old.Roles);
        Assert.Equal((RequestFault.RolledBack, "targets"), Refused(signed.Check(old.Step, [])));

        // What was signed last may not be published yet.
        Assert.Null(SignedVersions.None.With(admission.Step, admission.Roles).Check(old.Step, []));
    }

    [Fact]
    public void What_others_brought_out_under_a_number_that_was_signed_here_is_told()
    {
        var here = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        Apply(Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 })));
        var next = Prepare(new RepositoryChange().Renew(Issuer));
        var signed = SignedVersions.None.With(here.Step, here.Roles);

        Assert.Null(signed.Check(next.Step, []));
        Assert.Equal([(Issuer, 2L)], signed.PublishedOtherwise(next.Step).Select(role => (role.Role, role.Version)));
        Assert.Empty(SignedVersions.None.PublishedOtherwise(next.Step));
    }

    [Fact]
    public void What_was_signed_later_stays_when_something_older_is_remembered_after_it()
    {
        var old = Prepare(new RepositoryChange().Set(_foundation.Grant()));
        Apply(old);
        var newer = Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 }));

        Assert.Equal([Assert.Single(newer.Versions)], SignedVersions.None.With(newer.Step, newer.Roles).With(old.Step, old.Roles).Roles);
    }

    [Fact]
    public void What_another_process_signed_since_the_signer_looked_counts_when_it_is_remembered()
    {
        var file = _foundation.Folder["signed.json"];
        var (first, second) = (Prepare(new RepositoryChange().Set(_foundation.Grant())), Prepare(new RepositoryChange().Set(_foundation.Grant() with { MaxRules = 5 })));
        Assert.Null(SignedVersions.None.Check(second.Step, [])); // the signer has looked

        Assert.Null(SignedVersionsFile.Keep(file, first.Step, first.Roles, [], TimeProvider.System));
        Assert.Equal((RequestFault.RolledBack, Issuer), Refused(SignedVersionsFile.Keep(file, second.Step, second.Roles, [], TimeProvider.System)));
        Assert.Equal([Assert.Single(first.Versions)], Read(file).Roles);
        Assert.Null(SignedVersionsFile.Keep(file, second.Step, second.Roles, [Sha256(first)], TimeProvider.System));
        Assert.Equal([Assert.Single(second.Versions)], Read(file).Roles);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(file) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        File.WriteAllText(file, "{}");
        Assert.Equal((RequestFault.MemoryDamaged, ""), Refused(SignedVersionsFile.Keep(file, first.Step, first.Roles, [], TimeProvider.System)));
        Assert.Equal("{}", File.ReadAllText(file));
    }

    [Fact]
    public void Of_several_that_sign_at_once_none_forgets_what_another_signed()
    {
        var file = _foundation.Folder["signed.json"];
        string[] roles = ["root", "targets", "blocklists", Issuer];
        var requests = roles.Select(role => Prepare(new RepositoryChange().Renew(role))).ToList();

        Parallel.ForEach(
            Enumerable.Repeat(requests, 10).SelectMany(all => all), new ParallelOptions { MaxDegreeOfParallelism = 8 }, request => Assert.Null(SignedVersionsFile.Keep(file, request.Step, request.Roles, [], TimeProvider.System)));
        Assert.Equal(roles.Order(StringComparer.Ordinal), Read(file).Roles.Select(role => role.Role).Order(StringComparer.Ordinal));
        Assert.Equal(["signed.json", "signed.json.lock"], Directory.GetFiles(Path.GetDirectoryName(file)!, "signed*").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_offline_keys_sign_on_the_spot_is_told_before_anything_of_it_is_written()
    {
        using var keys = _foundation.All();
        var change = new RepositoryChange().Set(_foundation.Grant());
        var request = Prepare(change);
        Assert.Throws<InvalidOperationException>(() => _foundation.Repository.Publish(change, keys, _ => throw new InvalidOperationException("signed before")));
        Assert.Equal(request.PublishedVersions, Prepare(change).PublishedVersions);

        VersionStep? told = null;
        Assert.True(_foundation.Repository.Publish(change, keys, step => told = step).IsSuccess);
        Assert.Equal(request.Versions, told!.Next);
        Assert.Equal(request.PublishedVersions, told.Published);
        Assert.True(_foundation.Repository.ReadSigned().TryGet(out var published, out var error), error?.ToString());
        Assert.Contains(Assert.Single(told.Next), published);
        Assert.Equal(["root", "targets"], published.Select(role => role.Role).Take(2));
        Assert.DoesNotContain("control", published.Select(role => role.Role));
    }

    [Fact]
    public void Any_octets_give_what_was_signed_or_a_typed_error()
    {
        var request = Prepare(new RepositoryChange().Renew("root").Renew("targets"));
        var bytes = SignedVersions.None.With(request.Step, request.Roles).With(Prepare(new RepositoryChange().Renew(Issuer)).Step, [Issuer]).ToCanonicalJson();

        Assert.True(SignedVersions.TryParse(bytes, out var read, out var fault), fault?.ToString());
        Assert.Equal(["mitigations-national-soc", "root", "targets"], read.Roles.Select(role => role.Role).Order(StringComparer.Ordinal));
        Assert.Equal(bytes, read.ToCanonicalJson());
        Mutation.Of(bytes).Sample(mutated => SignedVersions.TryParse(mutated, out var document, out var error) ? document.Roles.Count >= 0 : error.ToString().Length > 0, iter: Fuzzing.Iterations(1_000));
        Assert.False(SignedVersions.TryParse("""{"roles":[{"role":"a","sha256":"00","version":1}],"spec":1,"type":"signed-versions"}"""u8.ToArray(), out _, out _));
    }

    private static (RequestFault, string) Refused(RequestError? error) => (Assert.IsType<RequestError>(error).Fault, error.Role);

    private static SignedVersions Read(string file)
    {
        Assert.True(SignedVersionsFile.TryRead(file, out var signed, out var error), error?.ToString());
        return signed;
    }

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
