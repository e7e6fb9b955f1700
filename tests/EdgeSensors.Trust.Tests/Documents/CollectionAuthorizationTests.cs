using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Trust.Tests.Documents;

public sealed class CollectionAuthorizationTests
{
    [Fact]
    public void It_holds_from_its_start_up_to_and_not_at_its_end()
    {
        var authorization = Samples.Authorization;

        Assert.False(authorization.IsInForce(new UnixMilliseconds(Samples.Start.Value - 1)));
        Assert.True(authorization.IsInForce(Samples.Start));
        Assert.True(authorization.IsInForce(new UnixMilliseconds(Samples.End.Value - 1)));
        Assert.False(authorization.IsInForce(Samples.End));
    }

    [Fact]
    public void One_that_lies_at_another_sensors_place_is_refused()
    {
        var bytes = Samples.Authorization.ToCanonicalJson();

        Assert.True(CollectionAuthorization.TryParse(bytes, "authorizations/carrier-a/edge-01.json", out _, out _));
        Assert.False(CollectionAuthorization.TryParse(bytes, "authorizations/carrier-a/edge-02.json", out _, out var error));
        Assert.Contains("edge-02", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Selectors_belong_to_level_targeted_and_to_no_other()
    {
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { Level = CollectionLevel.Concern }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { Selectors = [] }).ToCanonicalJson());
        Assert.NotEmpty((Samples.Authorization with { Level = CollectionLevel.Concern, Selectors = [] }).ToCanonicalJson());
    }

    [Fact]
    public void Only_level_broad_does_without_a_pseudonym_key()
    {
        var keyless = Samples.Authorization with { PseudonymKey = null, Selectors = [] };

        Assert.NotEmpty((keyless with { Level = CollectionLevel.Broad }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (keyless with { Level = CollectionLevel.Concern }).ToCanonicalJson());
    }

    [Fact]
    public void Consent_is_for_the_owners_own_network_only()
    {
        var consented = Samples.Authorization with { Basis = CollectionBasis.Consent };

        Assert.NotEmpty((consented with { Network = NetworkKind.Owner }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (consented with { Network = NetworkKind.Carrier }).ToCanonicalJson());
        var forged = System.Text.Encoding.UTF8.GetString(Samples.Authorization.ToCanonicalJson()).Replace("\"basis\":\"authorization\"", "\"basis\":\"consent\"", StringComparison.Ordinal);
        Assert.False(CollectionAuthorization.TryParse(System.Text.Encoding.UTF8.GetBytes(forged), out _, out var error));
        Assert.Contains("own network", error.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_out_of_its_bounds_cannot_leave()
    {
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { K = 0 }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { OwnPrefixes = [] }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { Directions = FlowDirections.None }).ToCanonicalJson());
        Assert.Throws<InvalidOperationException>(() => (Samples.Authorization with { NotAfter = Samples.Start }).ToCanonicalJson());
    }
}
