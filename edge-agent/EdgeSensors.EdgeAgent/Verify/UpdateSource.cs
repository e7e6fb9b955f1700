using EdgeSensors.EdgeAgent.Link;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.EdgeAgent.Verify;

/// <summary>Where updates come from and where what was verified is kept.</summary>
/// <param name="Hub">The hub, and this sensor's name and certificate.</param>
/// <param name="HttpsPort">Port of its HTTPS server.</param>
/// <param name="RootFile">The enrolment's first TUF root; read only while the store has none.</param>
/// <param name="SealingKey">Opens the pseudonym key.</param>
/// <param name="Directory">Where verified metadata and targets are kept.</param>
internal sealed record UpdateSource(HubEndpoint Hub, int HttpsPort, string RootFile, SealingKey SealingKey, string Directory)
{
    /// <summary>Which blocklist is held: <c>full</c>, or <c>at-most-{n}</c>.</summary>
    public string BlocklistTier { get; init; } = "full";
}
