using System.Security.Cryptography.X509Certificates;
using EdgeSensors.Hub.Identity;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary>Sensors that are enrolled with no offline key at the hub: the authorisation goes to its signer as a request, the folder to where the certificate authority's key is.</summary>
public sealed class SensorCommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sensors_are_enrolled_by_a_request_and_certified_where_the_authoritys_key_is()
    {
        var (request, folder) = (New("request"), New("enrolments"));
        var asked = await AddAsync(request, folder, "gw-2", "gw-3");
        HubProcess.Succeeded(asked);
        Assert.Contains("nothing is published yet", asked.Output, StringComparison.Ordinal);
        Assert.Empty(Authorisations("gw-2"));
        string[] folders = [Path.Combine(folder, "gw-2"), Path.Combine(folder, "gw-3")];
        Assert.All(folders, place => Assert.Equal(
            ["agent.yaml", "ca.crt", "hpke.key", "root.json", "sensor.csr", "sensor.key"], Directory.GetFiles(place).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)));

        // Where the keys are: one holder, who has the two keys, the root that he knows, and nothing of the hub.
        var machine = Machine("authority.pem", "authorizations-isp-a-1.key");
        var signed = await SignAsync(request, machine, "authorizations-isp-a-1.key");
        HubProcess.Succeeded(signed);
        Assert.Contains("edgesensors-hub sensor add isp-a gw-2 gw-3", signed.Output, StringComparison.Ordinal);
        Assert.Contains("\"sensor\": \"gw-3\"", signed.Output, StringComparison.Ordinal);
        HubProcess.FailedInOneLine(await CertifyAsync(machine, [folders[0]], yes: false), 2, "Nobody is there to be asked");
        var certified = await CertifyAsync(machine, folders);
        HubProcess.Succeeded(certified);
        Assert.Contains("sensor isp-a/gw-2: a certificate for the key with SHA-256 ", certified.Output, StringComparison.Ordinal);

        // At the hub again.
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "apply", request, "--dir", hub.Hub));
        foreach (var (name, place) in new[] { "gw-2", "gw-3" }.Zip(folders))
        {
            Assert.Single(Authorisations(name));
            Assert.Equal(Directory.GetFiles(hub.Enrolment).Select(Path.GetFileName).Order(), Directory.GetFiles(place).Select(Path.GetFileName).Order()); // as when all is made in one place
            using var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(place, "sensor.crt"), Path.Combine(place, "sensor.key"));
            Assert.True(ClientIdentity.TryRead(certificate, out var identity));
            Assert.Equal(new ClientIdentity.Sensor(new SensorName(OperatorId.Parse("isp-a"), SensorId.Parse(name))), identity);
            using var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(hub.Hub, "tls", "ca.crt"));
            using var chain = new X509Chain { ChainPolicy = { RevocationMode = X509RevocationMode.NoCheck, TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority } } };
            Assert.True(chain.Build(certificate));
        }

        HubProcess.FailedInOneLine(await CertifyAsync(machine, folders), 1, "sensor.csr");
    }

    [Fact]
    public async Task Of_one_that_was_enrolled_before_it_is_said_that_its_certificate_counts_still()
    {
        var again = await AddAsync(New("request"), New("again"), "gw-1");
        HubProcess.Succeeded(again);
        Assert.Contains("isp-a/gw-1 was enrolled before", again.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("enrolled before", (await AddAsync(New("request"), New("first"), "gw-99")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_carriers_network_is_not_sensed_by_consent()
    {
        var refused = await HubProcess.RunAsync("sensor", "add", "isp-a", "gw-98", "--dir", hub.Hub, "--out", New("carrier"), "--own-prefix", "198.51.100.0/24", "--network", "carrier", "--request", New("request"));
        HubProcess.FailedInOneLine(refused, 2, "--basis authorization");
    }

    [Fact]
    public async Task A_request_for_more_sensors_than_a_reason_has_room_for_can_be_read()
    {
        var request = New("request");
        HubProcess.Succeeded(await AddAsync(request, New("fleet"), [.. Enumerable.Range(0, 40).Select(i => $"{new string('s', 30)}-{i}")]));
        Assert.Contains($"\"{new string('s', 30)}-39\"", (await HubProcess.RunAsync("keys", "show", request)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_operators_first_sensor_brings_the_card_of_a_key_that_the_hub_never_had()
    {
        string[] add = ["sensor", "add", "isp-c", "gw-1", "--dir", hub.Hub, "--own-prefix", "198.51.100.0/24"];
        HubProcess.FailedInOneLine(await HubProcess.RunAsync([.. add, "--out", New("enrolment"), "--request", New("request")]), 2, "keys new authorizations-isp-c");
        var machine = Machine("authority.pem", "targets-1.key", "targets-2.key");
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "new", "authorizations-isp-c", "--out", machine, "--passphrase-file", hub.Passphrase));
        var card = Path.Combine(machine, "authorizations-isp-c-1.pub");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync([.. add, "--out", New("enrolment"), "--key", card]), 2, "--key is for --request");

        var (request, folder) = (New("request"), New("enrolment"));
        HubProcess.Succeeded(await HubProcess.RunAsync([.. add, "--out", folder, "--request", request, "--key", card]));
        HubProcess.Succeeded(await SignAsync(request, machine, "targets-1.key", "targets-2.key", "authorizations-isp-c-1.key"));
        HubProcess.Succeeded(await CertifyAsync(machine, [folder]));
        HubProcess.Succeeded(await HubProcess.RunAsync("keys", "apply", request, "--dir", hub.Hub));
        Assert.Single(Authorisations("gw-1", "isp-c"));

        var again = await HubProcess.RunAsync(["sensor", "add", "isp-c", "gw-2", "--dir", hub.Hub, "--own-prefix", "198.51.100.0/24", "--out", New("enrolment"), "--request", New("request"), "--key", card]);
        HubProcess.FailedInOneLine(again, 2, "has its key already");
    }

    [Fact]
    public async Task A_taps_one_file_is_made_when_its_certificate_is()
    {
        var (request, folder, wifi) = (New("request"), New("tap"), New("wifi"));
        await File.WriteAllTextAsync(wifi, "correct horse\n", Token);
        HubProcess.Succeeded(await AddAsync(request, folder, "tap-2", "--kind", "tap", "--wifi", "office", "--wifi-passphrase-file", wifi));
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("sensor", "send", folder, "--port", "/dev/null"), 1, "sensor certify");
        HubProcess.Succeeded(await CertifyAsync(Machine("authority.pem"), [folder]));
        Assert.Equal(["ca.crt", "hpke.key", "root.json", "sensor.crt", "sensor.key", "tap.enrolment"], Directory.GetFiles(folder).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal));
        var bundle = Path.Combine(folder, "tap.enrolment");
        Assert.True(TapEnrolmentCodec.TryDecode(await File.ReadAllBytesAsync(bundle, Token), out var enrolment, out var error), error.ToString());
        Assert.Equal(("isp-a/tap-2", "localhost", hub.MqttPort, "office", "correct horse"), (enrolment!.Name.ToString(), enrolment.HubHost, enrolment.MqttPort, enrolment.Network, enrolment.NetworkPassphrase));
        Assert.Equal(await File.ReadAllTextAsync(Path.Combine(folder, "sensor.crt"), Token), enrolment.CertificatePem);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(bundle) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Fact]
    public async Task Nothing_is_certified_for_another_root_another_authority_or_what_is_no_sensors_request()
    {
        var folder = New("enrolment");
        HubProcess.Succeeded(await AddAsync(New("request"), folder, "gw-9"));
        var machine = Machine("authority.pem");

        var root = Path.Combine(folder, "root.json");
        var octets = await File.ReadAllBytesAsync(root, Token);
        await File.WriteAllTextAsync(root, "{}", Token);
        HubProcess.FailedInOneLine(await CertifyAsync(machine, [folder]), 1, "is not the root that is trusted here");
        await File.WriteAllBytesAsync(root, octets, Token);

        // A certificate of somebody else's beside the request would have the sensor trust him.
        var authority = Path.Combine(folder, "ca.crt");
        var own = await File.ReadAllTextAsync(authority, Token);
        using (var strange = CertificateAuthority.Create(TimeProvider.System))
        {
            var pem = strange.Certificate.ExportCertificatePem();
            await File.WriteAllTextAsync(authority, pem, Token);
            HubProcess.FailedInOneLine(await CertifyAsync(machine, [folder]), 1, "is not the certificate of");
            await File.WriteAllTextAsync(authority, $"{own}\n{pem}\n", Token);
        }

        var request = Path.Combine(folder, "sensor.csr");
        var asked = await File.ReadAllTextAsync(request, Token);
        await File.WriteAllTextAsync(request, asked[..^60] + "\n", Token);
        HubProcess.FailedInOneLine(await CertifyAsync(machine, [folder]), 1, "is no request of a sensor's key");
        await File.WriteAllTextAsync(request, asked, Token);
        HubProcess.Succeeded(await CertifyAsync(machine, [folder]));
        Assert.Equal(own, await File.ReadAllTextAsync(authority, Token)); // and of nobody else
    }

    private string New(string name) => Path.Combine(hub.Folder, $"{name}-{Guid.NewGuid():n}");

    private string Machine(params string[] keys)
    {
        var folder = Directory.CreateDirectory(New("machine")).FullName;
        foreach (var file in keys.Append("root.json"))
        {
            File.Copy(Path.Combine(hub.Offline, file), Path.Combine(folder, file));
        }

        return folder;
    }

    private Task<(int Code, string Output, string Error)> AddAsync(string request, string folder, params string[] rest) =>
        HubProcess.RunAsync(["sensor", "add", "isp-a", .. rest, "--dir", hub.Hub, "--own-prefix", "192.0.2.0/24", "--out", folder, "--request", request]);

    private Task<(int Code, string Output, string Error)> SignAsync(string request, string machine, params string[] keys) =>
        HubProcess.RunAsync(["keys", "sign", request, .. keys.SelectMany(key => new[] { "--key", Path.Combine(machine, key) }), "--yes", "--passphrase-file", hub.Passphrase]);

    private Task<(int Code, string Output, string Error)> CertifyAsync(string machine, string[] folders, bool yes = true) =>
        HubProcess.RunAsync(["sensor", "certify", .. folders, "--offline", machine, "--passphrase-file", hub.Passphrase, .. yes ? new[] { "--yes" } : []]);

    private List<string> Authorisations(string sensor, string op = "isp-a")
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out _));
        Assert.True(repository.ListTargets().TryGet(out var names, out var error), error?.ToString());
        return [.. names.Where(name => repository.ReadTarget(name).TryGet(out var bytes, out _) && CollectionAuthorization.TryParse(bytes, name, out var document, out _)
            && (document.Operator.Text, document.Sensor.Text) == (op, sensor))];
    }
}
