using System.Net;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Tests.Identity;

/// <summary>A revoked certificate opens nothing, also where it was let in before.</summary>
public sealed class RevocationTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_an_open_HTTPS_connection_a_revoked_certificate_is_refused_from_the_next_request_on()
    {
        await using var hub = await TestHub.StartAsync();
        var alice = hub.AsAlice;
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(alice));
        Revoke(hub, CertificateAuthority.OperatorUnit, "alice");
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(alice));
        using var bob = hub.Http(hub.OperatorCertificate(OperatorId.Parse("bob")));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(bob));
    }

    [Fact]
    public async Task Over_an_open_MQTT_connection_nothing_more_of_a_revoked_sensor_is_taken()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await using var other = await hub.ConnectAsync(TestHub.Other);
        await sensor.SubscribeAckAsync();
        await other.SubscribeAckAsync();
        await sensor.ReportAsync(7, 1);
        await sensor.WaitForAckAsync(7, 1);
        Revoke(hub, CertificateAuthority.SensorUnit, TestHub.Gateway.ToString());
        try
        {
            await sensor.ReportAsync(7, 2);
        }
        catch (Exception e) when (e is MQTTnet.Exceptions.MqttCommunicationException or OperationCanceledException or InvalidOperationException)
        {
            // Cut off while it spoke.
        }

        await TestHub.EventuallyAsync(() => Task.FromResult(!sensor.IsConnected));
        await other.ReportAsync(9, 1);
        await other.WaitForAckAsync(9, 1);
        Assert.Equal(2, await hub.CommittedMessagesAsync());
    }

    [Fact]
    public async Task One_that_only_listens_is_cut_off_as_well()
    {
        await using var hub = await TestHub.StartAsync();
        await using var sensor = await hub.ConnectAsync(TestHub.Gateway);
        await sensor.SubscribeAsync(Topics.UpdatesTimestamp);
        Revoke(hub, CertificateAuthority.SensorUnit, TestHub.Gateway.ToString());
        await TestHub.EventuallyAsync(() => Task.FromResult(!sensor.IsConnected));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var answer = await client.GetAsync(new Uri("/api/v1/holds", UriKind.Relative), Stop);
        return answer.StatusCode;
    }

    private static void Revoke(TestHub hub, string unit, string name)
    {
        var list = RevocationList.PathBeside(hub.Configuration.Tls.Authority);
        File.WriteAllText(list, RevocationList.With("", (unit, name), DateTimeOffset.UtcNow));
    }
}
