using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Decide;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>The publisher of a hub that does not serve, on that hub's own folder.</summary>
public class PublishedBesideTests
{
    private static readonly DocumentId Late = DocumentId.Parse("late");

    [Fact]
    public async Task What_is_published_beside_it_between_its_look_and_its_own_publication_is_read_all_the_same()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.StopAsync();
        var trust = hub.Configuration.Trust;
        Assert.True(TufRepository.Open(trust.Repository, RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        Assert.True(OnlineKeys.TryLoad(trust.OnlineKeys, out var keys, out _));
        Assert.True(NoteSigner.TryLoad(hub.Configuration.Transparency.KeyFolder, null, "hub.example/log", NoteKeyKind.Ed25519, out var logKey, out var fault), fault?.ToString());
        using var ring = new OnlineRing(trust.OnlineKeys, repository, keys);
        using var store = new CuttableStore(Path.Combine(hub.Folder, "beside.db"));
        using var flows = new DuckDbFlowStore(Path.Combine(hub.Folder, "beside.duckdb"));
        using var log = new LogStore(Path.Combine(hub.Configuration.Transparency.Folder, "log.db"));
        using var http = new HttpClient();
        using var sequencer = new Sequencer(log, repository, store, logKey, [new WitnessClient(hub.Witness.Url, http)], NullLogger<Sequencer>.Instance);
        using var meters = new ServiceCollection().AddMetrics().AddSingleton<PublishMeters>().BuildServiceProvider();
        Publisher? publisher = null;
        SignedDocuments Signed() => publisher?.Documents ?? SignedDocuments.None;
        var mitigations = new Mitigations(
            store, Signed, new ImpactStudy(flows, Signed, hub.Configuration.Policy, TimeProvider.System), new Fleet(store, _ => false, TimeProvider.System), hub.Configuration.Policy, TimeProvider.System);
        publisher = new Publisher(
            repository, ring, new ExpiryWatch(new Dictionary<string, DateTimeOffset>()), sequencer, store, mitigations, meters.GetRequiredService<PublishMeters>(), TimeProvider.System, NullLogger<Publisher>.Instance);
        await using (publisher)
        {
            await publisher.StartAsync();
            var standing = publisher.Documents.Grants.Single();
            var beside = 0;
            store.BeforeNumber = name =>
            {
                // The publisher looked at the repository, and is about to sign its rules.
                if (name == "rules_revision" && Interlocked.Increment(ref beside) == 1)
                {
                    hub.Publish(new RepositoryChange().Set(standing with { Id = Late }));
                }
            };

            var proposed = mitigations.Propose(new Proposal { Target = SlpfTarget.Parse("203.0.113.7"), Step = MitigationStep.Drop, Because = "it floods", Reason = "a test" }, "alice").Mitigation;
            mitigations.Approve(proposed!.Id, LifeStation.Person("alice"));
            await TestHub.EventuallyAsync(() => Task.FromResult(beside > 0 && publisher.Documents.Rules?.Rules.Count == 1));
            await TestHub.EventuallyAsync(() => Task.FromResult(publisher.Documents.Grants.Any(grant => grant.Id == Late)));
        }
    }
}
