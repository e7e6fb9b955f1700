using System.CommandLine;
using EdgeSensors.Trust.Client;

namespace EdgeSensors.EdgeAgent.Commands;

/// <summary>
/// <c>edgesensors-agent tuf</c>: the agent's update client by hand, in the manner of the tuf-conformance suite's client protocol. Its options
/// stand before or after the subcommand.
/// </summary>
internal static class TufCommand
{
    public static Command Create()
    {
        var metadataDirectory = Global<string>("--metadata-dir", "DIR", "Where verified metadata is kept, one unversioned file a role.");
        var metadataUrl = Global<Uri>("--metadata-url", "URL", "Where the repository's metadata lies.", AbsoluteUrl);
        var targetNames = Global<string[]>("--target-name", "NAME", "The target to download; may be given again, they are taken in order.");
        targetNames.AllowMultipleArgumentsPerToken = false;
        var targetUrl = Global<Uri>("--target-base-url", "URL", "Where the repository's targets lie.", AbsoluteUrl);
        var targetDirectory = Global<string>("--target-dir", "DIR", "Where downloaded targets are kept, under their percent-encoded names.");
        var rootFile = new Argument<string>("ROOT") { Description = "A root.json that came by a trusted way." };

        var init = new Command("init", "Trust a first root. Nothing is fetched.") { rootFile };
        init.SetAction((parsed, _) => Task.FromResult(Run(parsed, [metadataDirectory], () =>
            Initialize(new DirectoryMetadataStore(parsed.GetRequiredValue(metadataDirectory)), parsed.GetRequiredValue(rootFile)))));

        var refresh = new Command("refresh", "Bring the top-level metadata up to date.");
        refresh.SetAction((parsed, cancellationToken) => RunAsync(parsed, [metadataDirectory, metadataUrl], async () =>
        {
            using var session = new Session(parsed.GetRequiredValue(metadataDirectory), parsed.GetRequiredValue(metadataUrl), null, null);
            return (await session.Client.RefreshAsync(cancellationToken)).TryGet(out var repository, out var error) ? Report(repository) : Refuse(error);
        }));

        var download = new Command("download", "Refresh, then fetch and verify targets. One that is there with the right hash is not fetched again.");
        download.SetAction((parsed, cancellationToken) => RunAsync(
            parsed, [metadataDirectory, metadataUrl, targetNames, targetUrl, targetDirectory], () => DownloadAsync(
                new Session(
                    parsed.GetRequiredValue(metadataDirectory),
                    parsed.GetRequiredValue(metadataUrl),
                    parsed.GetRequiredValue(targetUrl),
                    parsed.GetRequiredValue(targetDirectory)),
                parsed.GetRequiredValue(targetNames),
                cancellationToken)));

        return new Command("tuf", "Follow a TUF repository (specification 1.0.34) by hand.")
        {
            metadataDirectory, metadataUrl, targetNames, targetUrl, targetDirectory, init, refresh, download,
        };
    }

    private static int Initialize(DirectoryMetadataStore store, string rootFile)
    {
        byte[] root;
        try
        {
            if (new FileInfo(rootFile).Length > TufLimits.Default.MaxRootBytes)
                return Fail($"{rootFile} is larger than a root.json may be; give the repository's root.json");
            root = File.ReadAllBytes(rootFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Fail($"{rootFile} cannot be read: {exception.Message}");
        }

        using var session = new Session(store, new Uri("http://localhost/"), null, null);
        return session.Client.Initialize(root) is { } error ? Refuse(error) : ExitCode.Ok;
    }

    private static async Task<int> DownloadAsync(Session session, string[] targetNames, CancellationToken cancellationToken)
    {
        using (session)
        {
            if (!(await session.Client.RefreshAsync(cancellationToken)).TryGet(out var repository, out var error))
                return Refuse(error);

            foreach (var name in targetNames)
            {
                if (!(await repository.FetchTargetAsync(name, cancellationToken)).TryGet(out var target, out error))
                    return Refuse(error);
                Console.Out.WriteLine($"{session.Targets!.PathOf(name)}: {target.Bytes.Length} octets, sha256 {target.Sha256}, signed by {target.Role} version {target.RoleVersion}");
            }

            return ExitCode.Ok;
        }
    }

    private static int Report(VerifiedRepository repository)
    {
        Console.Out.WriteLine(
            $"verified: root {repository.RootVersion}, timestamp {repository.TimestampVersion}, snapshot {repository.SnapshotVersion}, "
            + $"targets {repository.TargetsVersion}; good until {repository.Expires:yyyy-MM-dd'T'HH:mm:ss'Z'}");
        return ExitCode.Ok;
    }

    private static int Refuse(TufError error) => Fail($"refused: {error}");

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"error[tuf]: {message}");
        return ExitCode.Failed;
    }

    private static int Run(ParseResult parsed, Option[] required, Func<int> action) =>
        Missing(parsed, required) is { } name ? Ask(name) : action();

    private static Task<int> RunAsync(ParseResult parsed, Option[] required, Func<Task<int>> action) =>
        Missing(parsed, required) is { } name ? Task.FromResult(Ask(name)) : action();

    private static string? Missing(ParseResult parsed, Option[] required) =>
        Array.Find(required, option => parsed.GetResult(option) is null)?.Name;

    private static int Ask(string name)
    {
        Console.Error.WriteLine($"error[usage]: {name} is missing. See edgesensors-agent tuf --help.");
        return ExitCode.Usage;
    }

    private static Option<T> Global<T>(string name, string helpName, string description, Func<string, T?>? read = null)
    {
        var option = new Option<T>(name) { Description = description, HelpName = helpName, Recursive = true };
        if (read is not null)
        {
            option.CustomParser = result =>
            {
                var value = read(result.Tokens[0].Value);
                if (value is null)
                    result.AddError($"{name} takes an http or https URL.");
                return value;
            };
        }

        return option;
    }

    private static Uri? AbsoluteUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url : null;

    /// <summary>One run's client with its connections.</summary>
    private sealed class Session : IDisposable
    {
        private readonly SocketsHttpHandler _handler = new() { UseCookies = false, MaxAutomaticRedirections = 3 };
        private readonly HttpTransport _transport;

        public Session(string metadataDirectory, Uri metadataUrl, Uri? targetUrl, string? targetDirectory)
            : this(new DirectoryMetadataStore(metadataDirectory), metadataUrl, targetUrl, targetDirectory)
        {
        }

        public Session(DirectoryMetadataStore store, Uri metadataUrl, Uri? targetUrl, string? targetDirectory)
        {
            Targets = targetDirectory is null ? null : new DirectoryTargetStore(targetDirectory);
            _transport = new HttpTransport(_handler, metadataUrl, targetUrl, HttpPatience.Default, TimeProvider.System);
            Client = new TufClient(_transport, store, TimeProvider.System, TufLimits.Default, Targets);
        }

        public TufClient Client { get; }

        public DirectoryTargetStore? Targets { get; }

        public void Dispose()
        {
            _transport.Dispose();
            _handler.Dispose();
        }
    }
}
