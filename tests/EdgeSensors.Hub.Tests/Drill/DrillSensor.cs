extern alias agent;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using agent::EdgeSensors.EdgeAgent.Configuration;
using agent::EdgeSensors.EdgeAgent.Link;
using agent::EdgeSensors.EdgeAgent.Verify;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Sealing;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Hub.Tests.Drill;

/// <summary>The agent's own update client and judgement, enrolled at a hub, with a memory that lasts; it asks whichever server it is led to.</summary>
internal sealed class DrillSensor : IDisposable
{
    private readonly TestHub _hub;
    private readonly X509Certificate2 _certificate;
    private readonly SealingKey _sealing = SealingKey.Create();
    private readonly string _folder = Directory.CreateTempSubdirectory("drill-sensor-").FullName;

    public DrillSensor(TestHub hub)
    {
        _hub = hub;
        _certificate = hub.SensorCertificate(TestHub.Gateway);
        File.Copy(Path.Combine(hub.Configuration.Trust.Repository, "metadata", "1.root.json"), Path.Combine(_folder, "root.json"));
    }

    /// <summary>What it trusts.</summary>
    public TrustedState State { get; private set; } = TrustedState.None;

    /// <summary>Asks a server for updates, and takes all that they say is there. Why it refused what it was shown; null when it took it.</summary>
    public async Task<TufError?> AskAsync(int port)
    {
        var source = new UpdateSource(
            new HubEndpoint("localhost", _hub.Configuration.Listen.MqttPort, TestHub.Gateway, _certificate, [_hub.Authority.Certificate]),
            port,
            Path.Combine(_folder, "root.json"),
            _sealing,
            Path.Combine(_folder, "state"));
        Assert.True(UpdateClient.TryCreate(source, TimeProvider.System, NullLogger.Instance, out var client, out var error), error);
        using (client)
        {
            var stop = TestContext.Current.CancellationToken;
            (State, var refusal) = await client.RefreshAsync(State, stop);
            for (var before = MissingPart.Nothing; refusal is null && State.Missing != MissingPart.Nothing && State.Missing != before;)
            {
                before = State.Missing;
                await await client.BringAsync(State.Missing, stop);
                State = await client.CompleteAsync(State, stop);
            }

            return refusal;
        }
    }

    /// <summary>Asks the real hub, and must be content.</summary>
    public async Task ContentAsync() => Assert.Null(await AskAsync(_hub.Configuration.Listen.HttpsPort));

    /// <summary>What it would carry out now: each rule that is for it with the reason for which it would not, as a token.</summary>
    public IReadOnlyList<(string Target, string? Refusal)> Judge() => State.Rules is not { } rules ? [] :
    [
        .. RuleJudgement.Judge(rules, State.Grants, TestHub.Gateway, new OwnerLimits(), UnixMilliseconds.Now(TimeProvider.System))
            .Select(verdict => (verdict.Rule.OpenC2.Target.ToString()!, verdict.Refusal)),
    ];

    /// <summary>The serial number of the certificate that a server shows.</summary>
    public string ServerOf(int port)
    {
        using var connection = new TcpClient("localhost", port);
        using var tls = new SslStream(connection.GetStream());
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions { TargetHost = "localhost", ClientCertificates = [_certificate], CertificateChainPolicy = TestHub.TrustOf(_hub.Authority) });
        return tls.RemoteCertificate!.GetSerialNumberString();
    }

    public void Dispose()
    {
        _sealing.Dispose();
        _certificate.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
