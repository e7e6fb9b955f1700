using System.Net;
using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Doctor;

namespace EdgeSensors.EdgeAgent.Tests.Doctor;

public sealed class HubCheckTests
{
    [Fact]
    public async Task A_hub_that_lets_the_sensor_in_is_well()
    {
        using var enrolment = new Enrolment();
        var findings = await Check(enrolment, enrolment.Target with { MqttPort = enrolment.Serve(), HttpsPort = enrolment.Serve(http: true) });
        Assert.All(findings, finding => Assert.Equal(Verdict.Ok, finding.Verdict));
        Assert.Equal(["MQTT", "MQTT certificate", "HTTPS", "HTTPS certificate", "hub's clock"], findings.Select(finding => finding.Subject));
    }

    [Fact]
    public async Task A_refused_certificate_is_told_from_a_hub_that_waits()
    {
        using var enrolment = new Enrolment();
        var findings = await Check(enrolment, enrolment.Target with { MqttPort = enrolment.Serve(refuse: true), HttpsPort = enrolment.Serve(http: true, refuse: true) });
        Assert.Equal(["MQTT", "HTTPS"], findings.Select(finding => finding.Subject));
        Assert.All(findings, finding => Assert.Contains("refused this sensor's certificate", finding.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_hub_of_another_authority_or_name_is_not_trusted()
    {
        using var enrolment = new Enrolment();
        using var other = new Enrolment();
        var findings = await Check(enrolment, enrolment.Target with { MqttPort = other.Serve(), HttpsPort = enrolment.Serve(name: "elsewhere.example") });
        Assert.Contains("not from the configured authority", findings[0].Detail, StringComparison.Ordinal);
        Assert.Contains("for another name", findings[1].Detail, StringComparison.Ordinal);
        Assert.All(findings, finding => Assert.Equal(Verdict.Fail, finding.Verdict));
    }

    [Fact]
    public async Task A_hub_whose_clock_is_elsewhere_is_said()
    {
        using var enrolment = new Enrolment();
        var findings = await Check(enrolment, enrolment.Target with { MqttPort = enrolment.Serve(), HttpsPort = enrolment.Serve(http: true, clockAhead: TimeSpan.FromSeconds(30)) });
        Assert.Equal(Verdict.Warn, findings[^1].Verdict);
        Assert.Equal("hub's clock", findings[^1].Subject);
    }

    [Fact]
    public async Task Ports_that_are_closed_or_speak_something_else_are_told_apart()
    {
        using var enrolment = new Enrolment();
        using var plain = new TcpListener(IPAddress.Loopback, 0);
        plain.Start();
        var talking = Task.Run(
            async () =>
            {
                using var client = await plain.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
                await client.GetStream().WriteAsync("SSH-2.0-OpenSSH_9.2\r\n"u8.ToArray(), TestContext.Current.CancellationToken);
            },
            TestContext.Current.CancellationToken);
        var findings = await Check(enrolment, enrolment.Target with { MqttPort = 1, HttpsPort = ((IPEndPoint)plain.LocalEndpoint).Port });
        await talking;
        Assert.Contains("refuses connections", findings[0].Detail, StringComparison.Ordinal);
        Assert.Contains("TLS handshake failed", findings[1].Detail, StringComparison.Ordinal);
        Assert.All(findings, finding => Assert.DoesNotContain('\n', finding.Detail + finding.Remedy));
    }

    private static Task<IReadOnlyList<Finding>> Check(Enrolment enrolment, DoctorTarget target)
    {
        Assert.StartsWith(enrolment.Folder, target.KeyFile, StringComparison.Ordinal);
        return new HubCheck(target, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);
    }
}
