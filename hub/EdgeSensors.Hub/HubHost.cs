using System.Net;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using EdgeSensors.Hub.Api;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Hub.Configuration;
using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Hub.Inbox;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Hub.Sign;
using EdgeSensors.Hub.Store;
using EdgeSensors.Hub.Transparency;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Repository;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpenTelemetry.Metrics;

namespace EdgeSensors.Hub;

/// <summary>The stations of a serving hub, put together and started in the order that data takes, and stopped in the same order.</summary>
internal sealed class HubHost : IAsyncDisposable
{
    private static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(10);

    private readonly List<IAsyncDisposable> _started = [];
    private readonly List<IDisposable> _stores = [];
    // Witnesses are few and near; what they answer is signed.
    private readonly HttpClient _witnessing = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false, UseCookies = false, ConnectTimeout = TimeSpan.FromSeconds(3) });
    private WebApplication? _app;

    /// <summary>Starts everything; throws a one-line <see cref="CommandException"/> or <see cref="StoreException"/> when it cannot.</summary>
    public static async Task<HubHost> StartAsync(HubConfiguration configuration)
    {
        var host = new HubHost();
        try
        {
            await host.BuildAsync(configuration);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    public Task WaitForEndAsync(CancellationToken cancel) => _app!.WaitForShutdownAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        // In the order of the data: first nobody comes in and whoever is being answered gets the answer, then what came in is committed, then it is used.
        if (_app is not null)
        {
            await _app.StopAsync();
        }

        foreach (var part in _started)
        {
            await part.DisposeAsync();
        }

        _stores.ForEach(store => store.Dispose());
        _witnessing.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync(); // All of them log and count by it.
        }
    }

    private async Task BuildAsync(HubConfiguration configuration)
    {
        var time = TimeProvider.System;
        var (server, authority) = LoadCertificates(configuration.Tls);
        var repository = OpenRepository(configuration.Trust, time, out var keys);
        var online = Keep(new OnlineRing(configuration.Trust.OnlineKeys, repository, keys));
        Directory.CreateDirectory(configuration.Store.Folder);
        var inboxStore = Keep(new SqliteInbox(Path.Combine(configuration.Inbox.Folder, "inbox.db"), configuration.Inbox.MaxRejected, configuration.Inbox.MaxMiB));
        var decisions = Keep(new SqliteDecisionStore(Path.Combine(configuration.Store.Folder, "decisions.db")));

        var log = Keep(OpenLog(configuration.Transparency, repository, out var logSigner));
        _stores.Add(logSigner);
        var flows = Keep(new DuckDbFlowStore(Path.Combine(configuration.Store.Folder, "flows.duckdb")));

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(configuration.LogLevel)
            .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None); // A start that fails is told in one line, by the command.
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddOpenTelemetry().WithMetrics(metrics =>
        {
            metrics.AddMeter(InboxMeters.Name, PublishMeters.Name, "Microsoft.AspNetCore.Server.Kestrel");
            if (configuration.MetricsEndpoint is { } collector)
            {
                metrics.AddOtlpExporter(options => options.Endpoint = collector);
            }
        });
        builder.Services.AddOpenApi();
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        var endpoint = new BrokerEndpoint();
        builder.Services.AddSingleton(endpoint);
        builder.Services.AddSingleton<InboxMeters>();
        builder.Services.AddSingleton<PublishMeters>();
        var trust = new ClientTrust(authority, new RevocationList(RevocationList.PathBeside(configuration.Tls.Authority)), time);
        builder.Services.AddSingleton(trust);
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, configuration, server, trust));
        _app = builder.Build();

        var meters = _app.Services.GetRequiredService<InboxMeters>();
        ILogger<T> Logger<T>() => _app.Services.GetRequiredService<ILogger<T>>();
        var writer = new InboxWriter(inboxStore, configuration.Inbox, time, meters, Logger<InboxWriter>());
        var broker = new Broker(endpoint, writer, meters, trust, time, Logger<Broker>());
        Publisher? publisher = null;
        var sequencer = Keep(new Sequencer(log, repository, decisions, logSigner, [.. configuration.Transparency.Witnesses.Select(url => new WitnessClient(url, _witnessing))], Logger<Sequencer>()));
        SignedDocuments Signed() => publisher?.Documents ?? SignedDocuments.None;
        var fleet = new Fleet(decisions, broker.IsConnected, time);
        var mitigations = new Mitigations(decisions, Signed, new ImpactStudy(flows, Signed, configuration.Policy, time), fleet, configuration.Policy, time);
        var watch = new ExpiryWatch(new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal) { [Expiring.Certificate] = server.NotAfter, [Expiring.Authority] = authority.NotAfter });
        publisher = new Publisher(repository, online, watch, sequencer, decisions, mitigations, _app.Services.GetRequiredService<PublishMeters>(), time, Logger<Publisher>())
        {
            Announce = broker.PublishTimestampAsync,
        };
        var policy = new Policy(mitigations, Signed, configuration.Policy);
        var correlator = new Correlator(inboxStore, decisions, new IncidentJoin(configuration.Store.JoinWindow), policy, mitigations, time, Logger<Correlator>());
        var projector = new FlowProjector(inboxStore, flows, decisions, configuration.Store.FlowRetention, time, Logger<FlowProjector>());
        writer.Committed += batch =>
        {
            if (batch.HasReports)
            {
                projector.Wake();
            }

            if (batch.HasControl)
            {
                correlator.Wake();
            }
        };
        writer.SettledUpTo = () => Math.Min(correlator.SettledUpTo, projector.SettledUpTo);

        _app.UseMiddleware<AccessControl>();
        _app.UseWhen(context => context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal), HubApi.ExplainBareStatus);
        UpdateFiles.Map(_app, repository, sequencer);
        LogFiles.Map(_app, log);
        broker.ChunkSource = new UpdateChunks(repository.TargetsDirectory, repository.MetadataDirectory, sequencer).Read;
        _app.MapOpenApi();
        new HubApi(decisions, mitigations, policy, flows, broker).Map(_app);
        var partners = new OpenC2Consumer(mitigations, decisions, time);
        broker.CommandSink = partners.Handle;
        OpenC2Endpoint.Map(_app, partners, time);
        Health.Map(_app, meters, writer, publisher, mitigations, watch, correlator, projector);

        // MQTT connections do not end by themselves; without this a stop would wait for them.
        _app.Lifetime.ApplicationStopping.Register(() => broker.DisposeAsync().AsTask().GetAwaiter().GetResult());

        writer.Start();
        _started.Add(writer);
        await broker.StartAsync();
        _started.Insert(0, broker);
        await publisher.StartAsync();
        correlator.Start();
        projector.Start();
        _started.Add(correlator);
        _started.Add(projector);
        _started.Add(publisher);
        try
        {
            await _app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new CommandException("listen", $"{e.Message.TrimEnd('.')}; end the other program, or change listen.mqtt_port or listen.https_port.");
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new CommandException("listen", $"Listening on {configuration.Listen.Address} is not possible ({e.Message}); correct listen.address or the ports.");
        }
    }

    private T Keep<T>(T store)
        where T : IDisposable
    {
        _stores.Add(store);
        return store;
    }

    private static void Listen(KestrelServerOptions kestrel, HubConfiguration configuration, X509Certificate2 server, ClientTrust trust)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = configuration.Inbox.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = 64 * 1024;
        var tls = new HttpsConnectionAdapterOptions
        {
            ServerCertificate = server,
            ClientCertificateMode = ClientCertificateMode.RequireCertificate,
            ClientCertificateValidation = (certificate, _, _) => trust.IsOurs(certificate),
            SslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            HandshakeTimeout = HandshakeTimeout,
        };
        var address = IPAddress.Parse(configuration.Listen.Address);
        kestrel.Listen(address, configuration.Listen.MqttPort, options =>
        {
            options.UseHttps(tls);
            options.UseConnectionHandler<BrokerEndpoint>();
        });
        kestrel.Listen(address, configuration.Listen.HttpsPort, options => options.UseHttps(tls));
    }

    private static (X509Certificate2 Server, X509Certificate2 Authority) LoadCertificates(TlsSettings tls)
    {
        foreach (var file in new[] { tls.Certificate, tls.Key, tls.Authority })
        {
            if (!File.Exists(file))
            {
                throw new CommandException("tls", $"{file} is not there; make a hub with edgesensors-hub init, or correct tls in the configuration.");
            }
        }

        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(tls.Certificate, tls.Key);
            // Through PKCS #12, since TLS on some systems refuses a key that was never stored.
            var server = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            return (server, X509CertificateLoader.LoadCertificateFromFile(tls.Authority));
        }
        catch (CryptographicException e)
        {
            throw new CommandException("tls", $"{tls.Certificate}, its key or {tls.Authority} cannot be used ({e.Message.TrimEnd('.')}); they must be PEM and belong together.");
        }
    }

    private static TufRepository OpenRepository(TrustSettings trust, TimeProvider time, out KeyRing keys)
    {
        if (!TufRepository.Open(trust.Repository, RepositoryOptions.Default, time).TryGet(out var repository, out var error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        if (!OnlineKeys.TryLoad(trust.OnlineKeys, out var ring, out var keyError))
        {
            throw new CommandException("keys", $"{keyError}.");
        }

        keys = ring;
        if (!repository.FindOfflineKey(ring).TryGet(out var role, out error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        if (role.Length > 0)
        {
            throw new CommandException("offline-key", $"The folder {trust.OnlineKeys} holds a key of the offline role {role}; take it off this machine, then serve.");
        }

        // Without one of them it would take decisions and never publish them, nor take anything back.
        if (!repository.ReadRoles().TryGet(out var roles, out error))
        {
            throw new CommandException("repository", $"{error}.");
        }

        return roles.FirstOrDefault(online => RepositoryRoles.IsOnline(online.Role) && online.Keys.Count(key => ring.KeyIds.Contains(key.Id)) < online.Threshold) is { } unable
            ? throw new CommandException("keys", $"The folder {trust.OnlineKeys} lacks a key of {unable.Role}; bring it back, or exchange it: edgesensors-hub keys rotate {unable.Role}.")
            : repository;
    }

    // A hub whose sensors would refuse everything it says does not start.
    private static LogStore OpenLog(TransparencySettings settings, TufRepository repository, out NoteSigner signer)
    {
        if (!repository.ReadWitnessPolicies().TryGet(out var policies, out var error))
        {
            throw new CommandException("witness", $"{error}.");
        }

        if (settings.Witnesses.Count == 0)
        {
            throw new CommandException("witness", "transparency.witnesses is empty; name the URLs of the witnesses, since sensors refuse what no witness has seen.", ExitCode.Usage);
        }

        foreach (var log in policies[^1].Logs)
        {
            // The others are spares, whose keys are offline.
            if (KeyPlace.In(settings.KeyFolder).Any(place => place.KeyId == log.KeyId))
            {
                return NoteSigner.TryOpen(settings.KeyFolder, null, log, out var loaded, out var fault)
                    ? Opened(loaded, out signer)
                    : throw new CommandException("log-key", $"{fault}.");
            }
        }

        throw new CommandException("log-key", $"The folder {settings.KeyFolder} holds none of the log keys that the root names; bring back the one that init made.");

        LogStore Opened(NoteSigner opened, out NoteSigner key)
        {
            key = opened;
            return new LogStore(Path.Combine(settings.Folder, "log.db"));
        }
    }
}
