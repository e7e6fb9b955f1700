using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Commands;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.Configuration;
using EdgeSensors.Witness.Cosign;
using EdgeSensors.Witness.Mirror;
using EdgeSensors.Witness.View;
using Microsoft.AspNetCore.Connections;

namespace EdgeSensors.Witness;

/// <summary>A serving witness: one address for logs, another for people.</summary>
internal sealed class WitnessHost : IAsyncDisposable
{
    private readonly List<LogMirror> _mirrors = [];
    private NoteSigner? _signer;
    private WitnessStore? _store;
    private WebApplication? _app;

    /// <summary>The public key.</summary>
    public NoteKey Key => _signer!.Key;

    /// <summary>Starts everything; throws a one-line <see cref="CommandException"/> when it cannot.</summary>
    public static async Task<WitnessHost> StartAsync(WitnessConfiguration configuration, Passphrase? passphrase)
    {
        var host = new WitnessHost();
        try
        {
            await host.BuildAsync(configuration, passphrase);
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
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        foreach (var mirror in _mirrors)
        {
            await mirror.DisposeAsync();
        }

        _store?.Dispose();
        _signer?.Dispose();
    }

    private async Task BuildAsync(WitnessConfiguration configuration, Passphrase? passphrase)
    {
        if (!NoteSigner.TryLoad(configuration.Key, passphrase, configuration.Name, NoteKeyKind.Cosignature, out _signer, out var error))
        {
            throw new CommandException("key", $"{error}.");
        }

        _store = WitnessStore.Open(configuration.State);
        var logs = TrustedLog.LoadAll(configuration.Logs);
        foreach (var log in logs.Where(log => _store.Newest(log.Origin) is null))
        {
            throw new CommandException("state", $"The state does not know the log {log.Origin} that {configuration.Logs} trusts; bring the state back, or trust the log anew with: edgesensors-witness trust");
        }

        var mark = new WitnessMark(configuration.Mark);
        var found = logs.Select(log => (log.Origin, What: mark.Reconcile(_store, log.Origin, _signer.Key))).Where(log => log.What is not null).ToList();

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().AddSimpleConsole(options => options.SingleLine = true).SetMinimumLevel(configuration.LogLevel)
            .AddFilter("Microsoft", LogLevel.None);
        builder.Logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(options => options.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxConcurrentConnections = 256;
            kestrel.Limits.MaxRequestBodySize = CheckpointSubmission.MaxOctets;
            kestrel.Limits.MaxRequestLineSize = 2048;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            kestrel.Listen(configuration.Listen, options =>
            {
                if (configuration.Tls is { } tls)
                {
                    options.UseHttps(LoadCertificate(tls.Certificate, tls.Key));
                }
            });
            kestrel.Listen(configuration.View);
        });
        _app = builder.Build();
        ILogger<T> Logger<T>() => _app.Services.GetRequiredService<ILogger<T>>();

        var cosigner = new Cosigner(_signer, logs, _store, mark, TimeProvider.System, Logger<Cosigner>());
        foreach (var (origin, what) in found)
        {
            _store.Alarm(origin, TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), what!, null);
            WitnessLog.Alarm(Logger<WitnessHost>(), origin, what!);
        }

        foreach (var log in logs.Where(log => log.Access is not null))
        {
            _mirrors.Add(new LogMirror(log, _signer.Key, _store, configuration.MirrorEvery, TimeProvider.System, Logger<LogMirror>()));
        }

        cosigner.Cosigned = origin => _mirrors.Find(mirror => mirror.Origin == origin)?.Wake();
        MapSubmissions(_app.MapGroup("").RequireHost($"*:{configuration.Listen.Port}"), cosigner, _store, logs);
        new WitnessView(_store).Map(_app.MapGroup("").RequireHost($"*:{configuration.View.Port}"));
        try
        {
            await _app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new CommandException("listen", $"{e.Message.TrimEnd('.')}; end the other program, or change listen.port or view.port.");
        }

        _mirrors.ForEach(mirror => mirror.Start());
    }

    private static void MapSubmissions(RouteGroupBuilder routes, Cosigner cosigner, WitnessStore store, IReadOnlyList<TrustedLog> logs)
    {
        routes.MapPost("/add-checkpoint", async (HttpContext context) =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body, context.RequestAborted); // no longer than Kestrel's bound
            var (status, text, type) = cosigner.Add(body.GetBuffer().AsSpan(0, (int)body.Length));
            context.Response.StatusCode = status;
            context.Response.ContentType = type;
            await context.Response.WriteAsync(text, context.RequestAborted);
        });
        routes.MapGet("/{hash}/checkpoint", IResult (string hash) =>
            logs.FirstOrDefault(log => TrustedLog.FolderOf(log.Origin) == hash) is { } log && store.Newest(log.Origin) is (_, { } checkpoint, _)
                ? TypedResults.Bytes(checkpoint.ToBytes(), "text/plain; charset=utf-8")
                : TypedResults.NotFound());
    }

    private static X509Certificate2 LoadCertificate(string certificate, string key)
    {
        try
        {
            using var pem = X509Certificate2.CreateFromPemFile(certificate, key);
            return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
        }
        catch (CryptographicException e)
        {
            throw new CommandException("tls", $"{certificate} or its key cannot be used ({e.Message.TrimEnd('.')}); they must be PEM and belong together.");
        }
    }
}
