using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.Hub.Tests.Commands;

public class CommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private string Configuration => Path.Combine(hub.Hub, "hub.yaml");

    [Fact]
    public async Task A_person_proposes_approves_lists_and_revokes()
    {
        using var serving = await hub.ServeAsync();
        try
        {
            HubProcess.Succeeded(await HubProcess.RunAsync("mitigation", "propose", "203.0.113.80", "--reason", "seen in logs", "--minutes", "5", "--profile", hub.Profile));
            var listed = await HubProcess.RunAsync("mitigation", "list", "--json", "--profile", hub.Profile);
            HubProcess.Succeeded(listed);
            using var json = JsonDocument.Parse(listed.Output);
            var id = json.RootElement[0].GetProperty("id").GetString()!;
            Assert.Equal("proposed", json.RootElement[0].GetProperty("state").GetString());
            HubProcess.Succeeded(await HubProcess.RunAsync("mitigation", "approve", id, "--profile", hub.Profile));
            var table = await HubProcess.RunAsync("mitigation", "list", "--profile", hub.Profile);
            Assert.Contains("203.0.113.80", table.Output, StringComparison.Ordinal);
            var complaint = await HubProcess.RunAsync("mitigation", "complain", id, "--reason", "our customer", "--enrolment", hub.Enrolment);
            HubProcess.Succeeded(complaint);
            Assert.Contains("1 operators complained", complaint.Output, StringComparison.Ordinal);
            var revoked = await HubProcess.RunAsync("mitigation", "revoke", id, "--profile", hub.Profile);
            HubProcess.Succeeded(revoked);
            Assert.EndsWith("minutes", revoked.Output.TrimEnd('\n'), StringComparison.Ordinal);
            Assert.Contains("none", (await HubProcess.RunAsync("mitigation", "list", "--profile", hub.Profile)).Output, StringComparison.Ordinal);
            Assert.Contains("none", (await HubProcess.RunAsync("alert", "list", "--profile", hub.Profile)).Output, StringComparison.Ordinal);

            HubProcess.FailedInOneLine(await HubProcess.RunAsync("mitigation", "approve", "m-nobody", "--profile", hub.Profile), 1, "no mitigation m-nobody");
            HubProcess.FailedInOneLine(await HubProcess.RunAsync("mitigation", "propose", "192.0.2.9", "--reason", "x", "--profile", hub.Profile), 1, "own network");

            // What is stopped for one issuer is released for that issuer, and whoever forgets it is told so.
            HubProcess.Succeeded(await HubProcess.RunAsync("mitigation", "stop-all", "--issuer", "authority", "--reason", "drill", "--profile", hub.Profile));
            Assert.Contains("(release --issuer authority)", (await HubProcess.RunAsync("mitigation", "release", "--reason", "over", "--profile", hub.Profile)).Output, StringComparison.Ordinal);
            HubProcess.Succeeded(await HubProcess.RunAsync("mitigation", "release", "--issuer", "authority", "--reason", "over", "--profile", hub.Profile));

            // Somebody whose certificate was revoked is told that, and not to look whether the hub serves.
            var carol = Path.Combine(hub.Folder, "carol");
            HubProcess.Succeeded(await HubProcess.RunAsync("operator", "add", "carol", "--dir", hub.Hub, "--out", carol, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase));
            HubProcess.Succeeded(await HubProcess.RunAsync("mitigation", "list", "--profile", carol));
            HubProcess.Succeeded(await HubProcess.RunAsync("operator", "revoke", "carol", "--dir", hub.Hub));
            HubProcess.FailedInOneLine(await HubProcess.RunAsync("mitigation", "list", "--profile", carol), 1, "was revoked");

            // A second program on the same ports.
            HubProcess.FailedInOneLine(await HubProcess.RunAsync("serve", "--config", Configuration), 1, "");
        }
        finally
        {
            serving.Kill();
            await serving.WaitForExitAsync(TestContext.Current.CancellationToken);
        }

        HubProcess.FailedInOneLine(await HubProcess.RunAsync("mitigation", "list", "--profile", hub.Profile), 1, "cannot be reached");
    }

    [Fact]
    public void The_enrolment_holds_what_the_sensor_needs_and_its_authorisation_is_published()
    {
        foreach (var file in new[] { "agent.yaml", "sensor.crt", "sensor.key", "ca.crt", "root.json", "hpke.key" })
        {
            Assert.True(File.Exists(Path.Combine(hub.Enrolment, file)), file);
        }

        if (!OperatingSystem.IsWindows())
        {
            foreach (var secret in new[] { Path.Combine(hub.Enrolment, "sensor.key"), Path.Combine(hub.Enrolment, "hpke.key"), Path.Combine(hub.Hub, "tls/server.key"), Path.Combine(hub.Profile, "operator.key"), hub.Passphrase })
            {
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(secret));
            }
        }

        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out _));
        var name = TargetNames.Authorization(OperatorId.Parse("isp-a"), SensorId.Parse("gw-1"));
        Assert.True(repository.ReadTarget(name).TryGet(out var bytes, out _));
        Assert.True(CollectionAuthorization.TryParse(bytes, name, out var authorization, out var fault), fault?.ToString());
        Assert.Equal(["192.0.2.0/24", "2001:db8::/32"], authorization.OwnPrefixes.Select(p => p.ToString()));
        Assert.True(SealingKey.TryParse(File.ReadAllText(Path.Combine(hub.Enrolment, "hpke.key")), out var key));
        using (key)
        {
            Assert.True(PseudonymKeyWrap.TryOpen(authorization, key, out var pseudonymKey));
            Assert.Equal(PseudonymKeyWrap.KeyLength, pseudonymKey.Length);
        }
    }

    [Fact]
    public async Task Addresses_are_listed_and_taken_off_under_the_offline_key()
    {
        string[] keys = ["--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase];
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "add", "203.0.113.0/24", "--category", "scanner", .. keys]));
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "add", "203.0.113.0/24", "--category", "c2", .. keys]));
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "add", "198.51.100.1", "--category", "c2", .. keys]));
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "remove", "198.51.100.1", .. keys]));
        var shown = await HubProcess.RunAsync("listed", "show", "--dir", hub.Hub);
        Assert.Equal("203.0.113.0/24 c2", shown.Output.Trim());
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("listed", "add", "1.2.3.4", "--category", "c2", "--dir", hub.Hub, "--offline", hub.Offline), 2, "passphrase");
    }

    [Fact]
    public async Task Serve_refuses_to_start_where_it_could_open_an_offline_key()
    {
        (string, string)[] environment = [("EDGESENSORS_PASSPHRASE", File.ReadAllText(hub.Passphrase).Trim())];
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(environment, "serve", "--config", Configuration), 1, "can open the offline key");
        var stray = Path.Combine(hub.Hub, "online", "root-9.key");
        var copy = Path.Combine(hub.Hub, "my-passphrase.txt");
        File.Copy(hub.Passphrase, copy);
        try
        {
            HubProcess.FailedInOneLine(await HubProcess.RunAsync("serve", "--config", Configuration), 1, "can open the offline key");
        }
        finally
        {
            File.Delete(copy);
        }

        Assert.False(File.Exists(stray));
    }

    [Theory]
    [InlineData("control")]
    [InlineData("timestamp")]
    public async Task Serve_refuses_to_start_without_a_key_that_it_signs_with(string role)
    {
        var key = Path.Combine(hub.Hub, "online", $"{role}-1.key");
        var away = Path.Combine(hub.Folder, "away");
        File.Move(key, away);
        try
        {
            HubProcess.FailedInOneLine(await HubProcess.RunAsync("serve", "--config", Configuration), 1, $"lacks a key of {role}");
        }
        finally
        {
            File.Move(away, key);
        }
    }

    [Fact]
    public async Task A_port_in_use_is_said_in_one_line()
    {
        using var taken = new TcpListener(IPAddress.Loopback, hub.HttpsPort);
        taken.Start();
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("serve", "--config", Configuration), 1, "address already in use");
    }

    [Theory]
    [InlineData("serve", "--config", "/nowhere/hub.yaml", 2, "edgesensors-hub init")]
    [InlineData("serve", "--confg", "x", 2, "Unknown option '--confg'")]
    [InlineData("mitigation", "list", "--profile=/nowhere", 2, "profile.yaml")]
    [InlineData("init", "{hub}", "--passphrase-file={passphrase}", 1, "not empty")]
    [InlineData("init", "{new}", "--passphrase-file=/nowhere", 1, "/nowhere")]
    [InlineData("init", "{new}", "--offline={new}/offline", 2, "must not lie in the hub's folder")]
    [InlineData("init", "{new}", "--policy=maybe", 2, "--policy takes manual, propose, approve")]
    [InlineData("init", "{new}", "--listen=here", 2, "--listen here is no IP address")]
    [InlineData("init", "{new}", "--domestic=/nowhere", 1, "/nowhere")]
    [InlineData("init", "{new}", "--host=https://hub.example/", 2, "--host https://hub.example/ is no DNS name or address")]
    [InlineData("init", "{new}", "--offline={hub}", 1, "is there already, where the offline keys would go")]
    [InlineData("init", "{new}", "--witness=/nowhere", 2, "/nowhere is not there; take the witness.pub")]
    [InlineData("init", "{new}", "--witness={passphrase}", 2, "passphrase is no witness's card")]
    [InlineData("serve", "--config", "{hub}", 2, "is a folder; give the file in it")]
    [InlineData("init", "{new}", "--quorum=2", 2, "--quorum is more than the witnesses")]
    public async Task What_is_wrong_is_said_in_one_line_that_says_what_to_do(string first, string second, string third, int code, string part)
    {
        string[] arguments = [.. new[] { first, second, third }.Select(a => a
            .Replace("{hub}", hub.Hub, StringComparison.Ordinal)
            .Replace("{new}", Path.Combine(hub.Folder, "new"), StringComparison.Ordinal)
            .Replace("{passphrase}", hub.Passphrase, StringComparison.Ordinal)), .. first == "init" ? ["--witness", hub.WitnessCard] : Array.Empty<string>()];
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(arguments), code, part);
        Assert.False(Directory.Exists(Path.Combine(hub.Folder, "new")));
    }

    [Fact]
    public async Task Whoever_revokes_a_sensor_that_nobody_enrolled_is_told_so()
    {
        var run = await HubProcess.RunAsync("sensor", "revoke", "isp-a", "gw-1l", "--dir", hub.Hub);
        HubProcess.Succeeded(run);
        Assert.Contains("no authorisation of a sensor isp-a/gw-1l", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_passphrase_enrols_nobody()
    {
        var wrong = Path.Combine(hub.Folder, "wrong");
        File.WriteAllText(wrong, "not the passphrase\n");
        var output = Path.Combine(hub.Folder, "never");
        HubProcess.FailedInOneLine(
            await HubProcess.RunAsync("sensor", "add", "isp-a", "gw-9", "--dir", hub.Hub, "--own-prefix", "192.0.2.0/24", "--out", output, "--offline", hub.Offline, "--passphrase-file", wrong),
            1,
            "does not open with this passphrase");
        Assert.False(Directory.Exists(output));
    }

    [Fact]
    public async Task Several_sensors_are_enrolled_at_once_each_with_keys_of_its_own()
    {
        var output = Path.Combine(hub.Folder, "fleet");
        string[] keys = ["--dir", hub.Hub, "--own-prefix", "192.0.2.0/24", "--offline", hub.Offline, "--passphrase-file", hub.Passphrase];
        HubProcess.Succeeded(await HubProcess.RunAsync(["sensor", "add", "isp-a", "gw-11", "gw-12", "gw-13", "--out", output, .. keys]));
        foreach (var file in (string[])["sensor.crt", "sensor.key", "hpke.key", "agent.yaml"])
        {
            Assert.Equal(3, Directory.GetDirectories(output).Select(folder => File.ReadAllText(Path.Combine(folder, file))).Distinct().Count());
        }

        // All of them or none: one that is there already is not overwritten, and the others are not begun.
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(["sensor", "add", "isp-a", "gw-14", "gw-12", "--out", output, .. keys]), 1, "not empty");
        Assert.False(Directory.Exists(Path.Combine(output, "gw-14")));
    }

    [Fact]
    public async Task A_taps_enrolment_is_one_file_that_is_sent_over_its_serial_line()
    {
        string[] keys = ["--dir", hub.Hub, "--own-prefix", "192.0.2.0/24", "--offline", hub.Offline, "--passphrase-file", hub.Passphrase];
        var folder = Path.Combine(hub.Folder, "tap");
        var secret = Path.Combine(hub.Folder, "wifi");
        File.WriteAllText(secret, "correct horse\n");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(["sensor", "add", "isp-a", "tap-1", "--out", folder, "--wifi", "office", "--wifi-passphrase-file", secret, .. keys]), 2, "--kind tap");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(["sensor", "add", "isp-a", "tap-1", "--out", folder, "--kind", "tap", "--wifi", "office", .. keys]), 2, "--wifi-passphrase-file");
        Assert.False(Directory.Exists(folder));
        HubProcess.Succeeded(await HubProcess.RunAsync(["sensor", "add", "isp-a", "tap-1", "--out", folder, "--kind", "tap", "--wifi", "office", "--wifi-passphrase-file", secret, .. keys]));
        var bundle = Path.Combine(folder, "tap.enrolment");
        Assert.False(File.Exists(Path.Combine(folder, "agent.yaml")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(bundle));
        }

        Assert.True(TapEnrolmentCodec.TryDecode(File.ReadAllBytes(bundle), out var enrolment, out var error), error.ToString());
        Assert.Equal(("isp-a/tap-1", "localhost", hub.MqttPort, "office", "correct horse"),
            (enrolment!.Name.ToString(), enrolment.HubHost, enrolment.MqttPort, enrolment.Network, enrolment.NetworkPassphrase));
        Assert.Equal(File.ReadAllText(Path.Combine(folder, "sensor.key")), enrolment.KeyPem);
        Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "root.json")), enrolment.Root.ToArray());

        using var line = EdgeSensors.Tests.PseudoTerminal.CreateOrSkip();
        File.WriteAllText(secret, "battery staple\n");
        string[] send = ["sensor", "send", folder, "--port", line.Device];

        // A tap that got it damaged is sent it again; then it takes it, for another network than the file names.
        var tap = Answer(line, "refused damaged\n", "enrolled\n");
        var sent = await HubProcess.RunAsync([.. send, "--wifi", "home", "--wifi-passphrase-file", secret]);
        HubProcess.Succeeded(sent);
        Assert.DoesNotContain("staple", sent.Output, StringComparison.Ordinal);
        Assert.True(TapEnrolmentCodec.TryDecode(await tap, out var got, out error), error.ToString());
        Assert.Equal(("home", "battery staple", enrolment.KeyPem), (got!.Network, got.NetworkPassphrase, got.KeyPem));

        tap = Answer(line, "refused not-kept\n");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(send), 1, "the board is faulty");
        Assert.Equal(File.ReadAllBytes(bundle), await tap);
        tap = Answer(line, "");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync([.. send, "--patience", "1"]), 1, "no answer");
        await tap;
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("sensor", "send", folder, "--port", "/dev/nowhere"), 1, "/dev/nowhere cannot be opened");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("sensor", "send", hub.Enrolment, "--port", line.Device), 1, "--kind tap");
        var octets = File.ReadAllBytes(bundle);
        octets[^1] ^= 1;
        File.WriteAllBytes(bundle, octets);
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(send), 1, "damaged");
    }

    /// <summary>Gives these answers, one an enrolment, and then the octets of the last.</summary>
    private static Task<byte[]> Answer(EdgeSensors.Tests.PseudoTerminal line, params string[] answers) => Task.Run(() =>
    {
        byte[] got = [];
        foreach (var answer in answers)
        {
            var octets = new byte[TapEnrolmentCodec.MaxOctets];
            for (var filled = 0; filled < TapEnrolmentCodec.HeadOctets || filled < got.Length;)
            {
                var piece = new byte[256];
                var count = line.Read(piece);
                piece.AsSpan(0, count).CopyTo(octets.AsSpan(filled));
                filled += count;
                got = filled < TapEnrolmentCodec.HeadOctets ? got : octets[..(TapEnrolmentCodec.HeadOctets + System.Buffers.Binary.BinaryPrimitives.ReadInt32BigEndian(octets.AsSpan(4)))];
            }

            line.Write(System.Text.Encoding.ASCII.GetBytes("ready\n" + answer));
        }

        return got;
    });

    [Fact]
    public async Task An_unknown_key_of_the_configuration_is_named_with_its_line()
    {
        var broken = Path.Combine(hub.Hub, "broken.yaml");
        File.WriteAllText(broken, "listen:\n  prot: 1\n");
        HubProcess.FailedInOneLine(await HubProcess.RunAsync("serve", "--config", broken), 2, "broken.yaml:2: unknown key listen.prot");
        File.Delete(broken);
    }
}
