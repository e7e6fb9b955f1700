using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Tests.Decide;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Sign;

/// <summary>What somebody else publishes while the publisher is at work.</summary>
public class PublishedBesideTests
{
    private static readonly DocumentId Late = DocumentId.Parse("late");

    [Fact]
    public async Task What_is_published_beside_it_between_its_look_and_its_own_publication_is_read_all_the_same()
    {
        await using var station = await PublisherStation.MakeAsync();
        var publisher = station.Publisher;
        await publisher.StartAsync();
        var standing = publisher.Documents.Grants.Single();
        var beside = 0;
        station.Store.BeforeNumber = name =>
        {
            // The publisher looked at the repository, and is about to sign its rules.
            if (name == "rules_revision" && Interlocked.Increment(ref beside) == 1)
            {
                station.Hub.Publish(new RepositoryChange().Set(standing with { Id = Late }));
            }
        };

        var proposed = station.Mitigations.Propose(new Proposal { Target = SlpfTarget.Parse("203.0.113.7"), Step = MitigationStep.Drop, Because = "it floods", Reason = "a test" }, "alice").Mitigation;
        station.Mitigations.Approve(proposed!.Id, LifeStation.Person("alice"));
        await TestHub.EventuallyAsync(() => Task.FromResult(beside > 0 && publisher.Documents.Rules?.Rules.Count == 1));
        await TestHub.EventuallyAsync(() => Task.FromResult(publisher.Documents.Grants.Any(grant => grant.Id == Late)));
    }
}
