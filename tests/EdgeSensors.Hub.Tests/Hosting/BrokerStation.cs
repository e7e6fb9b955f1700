using System.Net;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Inbox;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeSensors.Hub.Tests.Hosting;

/// <summary>The broker and its inbox alone, over real TLS, so that a test can publish at a moment of its choice.</summary>
internal sealed class BrokerStation : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("broker-test-").FullName;
    private readonly CertificateAuthority _authority = CertificateAuthority.Create(TimeProvider.System);
    private readonly int _port = FreePort.Tcp();
    private readonly WebApplication _app;
    private readonly SqliteInbox _store;
    private readonly InboxWriter _inbox;

    private BrokerStation(TimeProvider time)
    {
        var endpoint = new BrokerEndpoint();
        var trust = new ClientTrust(_authority.Certificate, new RevocationList(Path.Combine(_folder, "revoked")), time);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(endpoint).AddSingleton<InboxMeters>();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, _port, options =>
        {
            options.UseHttps(new HttpsConnectionAdapterOptions
            {
                ServerCertificate = TestHub.Load(_authority.IssueServer(["localhost"], TimeSpan.FromDays(1))),
                ClientCertificateMode = ClientCertificateMode.RequireCertificate,
                ClientCertificateValidation = (certificate, _, _) => trust.IsOurs(certificate),
            });
            options.UseConnectionHandler<BrokerEndpoint>();
        }));
        _app = builder.Build();
        var settings = new InboxSettings { Folder = _folder };
        var meters = _app.Services.GetRequiredService<InboxMeters>();
        _store = new SqliteInbox(Path.Combine(_folder, "inbox.db"), settings.MaxRejected, settings.MaxMiB);
        _inbox = new InboxWriter(_store, settings, TimeProvider.System, meters, NullLogger<InboxWriter>.Instance);
        Broker = new Broker(endpoint, _inbox, meters, trust, TimeProvider.System, NullLogger<Broker>.Instance);
    }

    public Broker Broker { get; }

    /// <summary>Starts it, with the clock by which it judges whether a certificate counts still.</summary>
    public static async Task<BrokerStation> StartAsync(TimeProvider time)
    {
        var station = new BrokerStation(time);
        station._inbox.Start();
        await station.Broker.StartAsync();
        await station._app.StartAsync(TestContext.Current.CancellationToken);
        return station;
    }

    public Task<TestSensor> ConnectAsync(bool mqtt3) => TestSensor.ConnectAsync(
        _port, _authority.Certificate, TestHub.Gateway, TestHub.Load(_authority.IssueSensor(TestHub.Gateway, TimeSpan.FromDays(1))), mqtt3: mqtt3);

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await _app.DisposeAsync();
        await _inbox.DisposeAsync();
        _store.Dispose();
        _authority.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
