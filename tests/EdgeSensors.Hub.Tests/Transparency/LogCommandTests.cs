using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Tests.Commands;
using EdgeSensors.Trust.Log;

namespace EdgeSensors.Hub.Tests.Transparency;

/// <summary>What anyone entitled can check with the program alone.</summary>
public sealed class LogCommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private string Root => Path.Combine(hub.Enrolment, "root.json");

    [Fact]
    public async Task A_proof_is_verified_without_the_network_and_the_log_is_audited_and_a_missing_preimage_is_an_alarm()
    {
        using (var serving = await hub.ServeAsync())
        {
            var audit = await AuditAsync();
            HubProcess.Succeeded(audit);
            Assert.Contains("0 alarms", audit.Output, StringComparison.Ordinal);

            var proof = Directory.GetFiles(Path.Combine(hub.Hub, "repository", "metadata"), "*.timestamp.tlog-proof").Single();
            var file = Path.ChangeExtension(proof, ".json");
            var verified = await HubProcess.RunAsync("log", "verify", file, proof, "--root", Root);
            HubProcess.Succeeded(verified);
            Assert.Contains("seen by oversight.example/w1", verified.Output, StringComparison.Ordinal);
            HubProcess.FailedInOneLine(
                await HubProcess.RunAsync("log", "verify", Path.Combine(hub.Hub, "repository", "metadata", "1.snapshot.json"), proof, "--root", Root), 1, "does not show the entry");

            // A root of other witnesses: either the log lies or the root is old, and whoever audits is told both.
            using (var another = NoteSigner.Create("oversight.example/w2", NoteKeyKind.Cosignature))
            {
                var other = Path.Combine(hub.Folder, "other-root.json");
                File.WriteAllText(other, File.ReadAllText(Root).Replace(hub.Witness.Card.Key.ToString(), another.Key.ToString(), StringComparison.Ordinal));
                HubProcess.FailedInOneLine(await HubProcess.RunAsync("log", "audit", "--overseer", Path.Combine(hub.Hub, "overseer"), "--root", other), 1, "give a newer root.json");
            }

            // Somebody takes away what an entry stands for, while the hub runs.
            using (var connection = SqliteSchema.Connect(Path.Combine(hub.Hub, "log", "log.db"), readOnly: false))
            {
                SqliteSchema.Execute(connection, "DELETE FROM preimage WHERE id = 1");
            }

            var alarm = await AuditAsync();
            Assert.Equal(1, alarm.Code);
            Assert.True(alarm.Output.Contains("ALARM the preimage of entry 0 ", StringComparison.Ordinal), alarm.Output + alarm.Error);
            serving.Kill();
            await serving.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private Task<(int Code, string Output, string Error)> AuditAsync() => HubProcess.RunAsync("log", "audit", "--overseer", Path.Combine(hub.Hub, "overseer"), "--root", Root);
}
