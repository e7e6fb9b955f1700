using System.CommandLine;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.EdgeAgent.Commands;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Keys;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.EdgeAgent.Tests.Commands;

/// <summary>The <c>tuf</c> command over HTTP against a repository of our own making; the client's own promises are tested beside it.</summary>
public sealed class TufCommandTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("edgesensors-tuf-").FullName;
    private readonly HttpListener _listener = new();
    private readonly List<string> _requests = [];
    private readonly TufRepository _repository;
    private readonly string _url;

    public TufCommandTests()
    {
        Assert.True(Passphrase.TryCreate("a passphrase for tests", out var passphrase));
        var folders = new RepositoryFolders(At("repository"), At("online"), At("offline"));
        Assert.True(TufRepository.Found(folders, new RepositoryPlan(), passphrase, new KeyProtection(8, 1), RepositoryOptions.Default, TimeProvider.System)
            .TryGet(out var repository, out var error), error?.ToString());
        _repository = repository;
        passphrase.Dispose();

        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            _url = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
        }

        _listener.Prefixes.Add(_url);
        _listener.Start();
        _ = ServeAsync();
    }

    public void Dispose()
    {
        _listener.Close();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Options_stand_before_the_subcommand_or_after_it(bool before)
    {
        string[] options = ["--metadata-dir", At("client"), "--metadata-url", _url + "metadata"];

        Assert.Equal(0, before ? Run([.. options, "init", Root]) : Run(["init", Root, .. options]));
        Assert.Empty(_requests);
        Assert.Equal(0, before ? Run([.. options, "refresh"]) : Run(["refresh", .. options]));

        Assert.Equal(["root.json", "snapshot.json", "targets.json", "timestamp.json"], Directory.GetFiles(At("client")).Select(Path.GetFileName).Order());
        Assert.Equal(["/metadata/2.root.json", "/metadata/timestamp.json", "/metadata/1.snapshot.json", "/metadata/1.targets.json"], _requests);
    }

    [Fact]
    public void A_target_is_downloaded_once()
    {
        string[] download =
        [
            "--metadata-dir", At("client"), "--metadata-url", _url + "metadata", "--target-name", TargetNames.Rules,
            "--target-base-url", _url + "targets", "--target-dir", At("downloads"), "download",
        ];
        Assert.Equal(0, Run("--metadata-dir", At("client"), "init", Root));

        Assert.Equal(0, Run(download));
        Assert.Equal(0, Run(download));

        Assert.Single(_requests, request => request.StartsWith("/targets/", StringComparison.Ordinal));
        var file = Assert.Single(Directory.GetFiles(At("downloads")));
        Assert.True(RuleSet.TryParse(File.ReadAllBytes(file), out _, out _));
    }

    [Fact]
    public void What_is_refused_ends_with_1_and_a_wrong_command_line_with_2()
    {
        string[] options = ["--metadata-dir", At("client"), "--metadata-url", _url + "metadata"];
        Assert.Equal(1, Run([.. options, "refresh"])); // never initialised
        Assert.Equal(1, Run([.. options, "init", At("nothing")]));
        Assert.Equal(0, Run([.. options, "init", Root]));
        Assert.Equal(1, Run([.. options, "--target-name", "nothing", "--target-base-url", _url, "--target-dir", At("downloads"), "download"]));
        Assert.Equal(1, Run(["--metadata-dir", At("client"), "--metadata-url", "http://127.0.0.1:1/", "refresh"]));
        Assert.Equal(2, Run(["refresh"]));
        Assert.False(Directory.Exists(At("downloads")));
    }

    private string Root => Path.Combine(_repository.MetadataDirectory, "1.root.json");

    private string At(string name) => Path.Combine(_folder, name);

    private static int Run(params string[] arguments) => new RootCommand { TufCommand.Create() }.Parse(["tuf", .. arguments]).Invoke();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                var context = await _listener.GetContextAsync();
                var path = context.Request.Url!.AbsolutePath;
                _requests.Add(path);
                var file = Path.Combine(_repository.Directory, path.TrimStart('/'));
                context.Response.StatusCode = File.Exists(file) ? 200 : 404;
                // A length and no chunks: the listener now and then ends a chunked answer twice, and the next one on the connection begins with the rest.
                var octets = File.Exists(file) ? await File.ReadAllBytesAsync(file) : [];
                context.Response.ContentLength64 = octets.Length;
                context.Response.KeepAlive = false;
                context.Response.Close(octets, willBlock: true);
            }
        }
        catch (Exception exception) when (exception is ObjectDisposedException or HttpListenerException or InvalidOperationException)
        {
            // The test is over.
        }
    }
}
