using System.Text.Json;
using EdgeSensors.Hub.Tests.Hosting;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;
using EdgeSensors.Trust.Client;
using EdgeSensors.Trust.Documents;
using EdgeSensors.Trust.Repository;
using EdgeSensors.Trust.Requests;

namespace EdgeSensors.Hub.Tests.Commands;

/// <summary>Offline signing by the real program: the request goes to a folder that has nothing of the hub but the keys, and comes back.</summary>
public sealed class KeysCommandTests(HubProcess hub) : IClassFixture<HubProcess>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_root_key_is_replaced_by_two_people_one_after_another()
    {
        var before = await RoleAsync("root");
        var request = New("request");
        Succeeded(await RunAsync("rotate", "root", "--replace", before.Keys[0].Id[..12], "--out", request, "--reason", "it was lost", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase));
        HubProcess.FailedInOneLine(await RunAsync("apply", request, "--dir", hub.Hub), 1, "0 of 2 have signed (root before)");

        // Two machines, each with one key and the root that it knows.
        var (first, second) = (Machine(before.Keys[1].Path!), Machine(before.Keys[2].Path!));
        var shown = await SignAsync(request, first);
        Assert.Contains("it was lost", shown, StringComparison.Ordinal);
        Assert.Contains($"  - root keys: {before.Keys[0].Id} (ed25519)", shown, StringComparison.Ordinal);
        HubProcess.FailedInOneLine(await RunAsync("apply", request, "--dir", hub.Hub), 1, "1 of 2 have signed (root before)");
        await SignAsync(request, second);
        var applied = await RunAsync("apply", request, "--dir", hub.Hub);
        Succeeded(applied);
        Assert.Contains($"the key {before.Keys[0].Id} counts no more", applied.Output, StringComparison.Ordinal);
        HubProcess.FailedInOneLine(await RunAsync("apply", request, "--dir", hub.Hub), 1, "is published already");

        var after = await RoleAsync("root");
        Assert.Equal(before.Version + 1, after.Version);
        Assert.DoesNotContain(after.Keys, key => key.Id == before.Keys[0].Id);
        Assert.Equal(3, after.Keys.Count);
    }

    [Fact]
    public async Task The_hubs_own_keys_are_exchanged_while_it_serves_and_it_goes_on_with_the_new_ones()
    {
        using var serving = await hub.ServeAsync();
        try
        {
            foreach (var role in new[] { "timestamp", "snapshot", "control" })
            {
                var before = await RoleAsync(role);
                var request = New("request");
                Succeeded(await RunAsync("rotate", role, "--dir", hub.Hub, "--out", request));
                await SignAllAsync(request, role == "control" ? "targets" : "root");
                Succeeded(await RunAsync("apply", request, "--dir", hub.Hub));

                var after = await RoleAsync(role);
                Assert.NotEqual(before.Keys.Single().Id, after.Keys.Single().Id);
                Assert.False(File.Exists(before.Keys[0].Path));
                Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(after.Keys[0].Path!) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
                Assert.False(after.Keys[0].Encrypted);
            }

            // The serving hub has logged each of them and had it witnessed: a sensor follows.
            await TestHub.EventuallyAsync(async () => (await RefreshAsync()).IsSuccess);
        }
        finally
        {
            serving.Kill();
            await serving.WaitForExitAsync(Token);
        }
    }

    [Fact]
    public async Task An_isp_makes_its_key_and_signs_its_grants_and_the_hub_has_no_way_to()
    {
        // On the ISP's machine.
        var (isp, passphrase) = (New("isp"), New("isp-passphrase"));
        await File.WriteAllTextAsync(passphrase, "the isp's own passphrase\n", Token);
        Succeeded(await RunAsync("new", "mitigations-isp-b", "--out", isp, "--root", Path.Combine(hub.Enrolment, "root.json"), "--passphrase-file", passphrase));
        var key = Directory.GetFiles(isp, "*.key").Single();

        // At the hub, which is given the card.
        var admission = New("request");
        Succeeded(await RunAsync("issuer", "add", "isp-b", "--key", Path.ChangeExtension(key, ".pub"), "--dir", hub.Hub, "--out", admission));
        await SignAllAsync(admission, "targets");
        Succeeded(await RunAsync("apply", admission, "--dir", hub.Hub));
        Assert.Equal((0L, 1), (await RoleAsync("mitigations-isp-b")) is var role ? (role.Version, role.Threshold) : default);

        // A grant, as the ISP wrote it.
        var now = UnixMilliseconds.Now(TimeProvider.System).Value;
        var document = New("grant") + ".yaml";
        await File.WriteAllTextAsync(document, $$"""
            # What isp-b allows on its own gateways.
            type: grant
            spec: 1
            id: summer
            issuer: isp-b
            actions: [observe, drop]
            min_prefix_length_v4: 32
            min_prefix_length_v6: 128
            max_duration_ms: 3600000
            max_rules: 5
            sensors: ["isp-b/*"]
            excluded_prefixes: []
            tiers:
              - id: any
                actions: [observe, drop]
                min_prefix_length_v4: 32
                min_prefix_length_v6: 128
                max_duration_ms: 3600000
                proven: false
                approvals: 1
                approvers: []
                policy_counts: false
                stages: []
                revert: {complaints: 2, lost_percent: 50, refused_percent: 50}
            not_before: {{now - 1000}}
            not_after: {{now + 86_400_000}}
            """, Token);
        var grant = New("request");
        Succeeded(await RunAsync("request", "grant", document, "--dir", hub.Hub, "--out", grant));

        // The hub has every offline key but this one: none of them is asked.
        foreach (var other in new[] { "root-1.key", "targets-1.key", "mitigations-authority-1.key" }.Select(name => Path.Combine(hub.Offline, name)))
        {
            HubProcess.FailedInOneLine(await RunAsync("sign", grant, "--key", other, "--yes", "--passphrase-file", hub.Passphrase), 1, "signs nothing of it");
        }

        HubProcess.FailedInOneLine(await RunAsync("apply", grant, "--dir", hub.Hub), 1, "0 of 1 have signed (mitigations-isp-b)");
        var signed = await RunAsync("sign", grant, "--key", key, "--yes", "--passphrase-file", passphrase);
        Succeeded(signed);
        Assert.Contains("\"max_rules\": 5", signed.Output, StringComparison.Ordinal); // what is signed is shown, not its hash alone
        Succeeded(await RunAsync("apply", grant, "--dir", hub.Hub));
        Assert.True(Open().ReadTarget("mitigations/isp-b/summer.json").TryGet(out var bytes, out _));
        Assert.True(Grant.TryParse(bytes, "mitigations/isp-b/summer.json", out _, out var fault), fault?.ToString());

        // And let go again.
        var end = New("request");
        Succeeded(await RunAsync("issuer", "remove", "isp-b", "--dir", hub.Hub, "--out", end));
        await SignAllAsync(end, "targets");
        Succeeded(await RunAsync("apply", end, "--dir", hub.Hub));
        Assert.True(Open().ReadTarget("mitigations/isp-b/summer.json").TryGet(out bytes, out _));
        Assert.Empty(bytes);
    }

    [Fact]
    public async Task A_request_is_held_against_the_root_that_the_signer_knows()
    {
        var request = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", request));
        var key = (await RoleAsync("blocklists")).Keys.Single().Path!;
        var alone = Machine(key);
        File.Delete(Path.Combine(Path.GetDirectoryName(alone)!, "root.json"));
        HubProcess.FailedInOneLine(await RunAsync("sign", request, "--key", alone, "--yes", "--passphrase-file", hub.Passphrase), 2, "give --root");

        await using var other = await TestHub.StartAsync();
        var strange = Path.Combine(other.Configuration.Trust.Repository, "metadata", "1.root.json");
        HubProcess.FailedInOneLine(await RunAsync("sign", request, "--key", key, "--root", strange, "--yes", "--passphrase-file", hub.Passphrase), 1, "does not rest on the root");

        var altered = New("altered");
        await File.WriteAllTextAsync(altered, (await File.ReadAllTextAsync(request, Token)).Replace("blocklists: version", "blocklists: Version", StringComparison.Ordinal), Token);
        HubProcess.FailedInOneLine(await RunAsync("sign", altered, "--key", key, "--yes", "--passphrase-file", hub.Passphrase), 1, "its words are not what it does");

        // Without --yes somebody must be there to be asked.
        HubProcess.FailedInOneLine(await RunAsync("sign", request, "--key", key, "--passphrase-file", hub.Passphrase), 2, "keys show");
        await SignAllAsync(request, "blocklists");
        Succeeded(await RunAsync("apply", request, "--dir", hub.Hub));
    }

    [Fact]
    public async Task All_of_what_is_signed_is_shown_however_long_it_is_and_how_it_differs_from_what_is_published()
    {
        var key = (await RoleAsync("mitigations-authority")).Keys.Single().Path!;
        var first = await GrantAsync("long", 5, 600);
        var machine = Machine(key);
        var shown = await SignAsync(first, machine);
        Assert.Contains("10.2.87.0/24", shown, StringComparison.Ordinal); // the last of them, far beyond 8,192 octets
        Succeeded(await RunAsync("apply", first, "--dir", hub.Hub));

        var second = await GrantAsync("long", 6, 600, "198.51.100.0/24");
        shown = await SignAsync(second, machine);
        Assert.Contains("  ~ max_rules: 5 -> 6", shown, StringComparison.Ordinal);
        Assert.Contains("  + excluded_prefixes: \"198.51.100.0/24\"", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("  + excluded_prefixes: \"10.2.87.0/24\"", shown, StringComparison.Ordinal);
        Succeeded(await RunAsync("apply", second, "--dir", hub.Hub));
        var renewal = New("request");
        Succeeded(await RunAsync("request", "renew", "mitigations-authority", "--dir", hub.Hub, "--out", renewal));
        Assert.Contains("  = mitigations/authority/long.json: ", await SignAsync(renewal, machine), StringComparison.Ordinal); // what is signed again with it is said
        Succeeded(await RunAsync("apply", renewal, "--dir", hub.Hub));

        // Nobody is asked about what has run off the screen.
        var (whole, text) = (await GrantAsync("longer", 5, 4_000), New("text"));
        HubProcess.FailedInOneLine(await RunAsync("sign", whole, "--key", machine, "--yes", "--passphrase-file", hub.Passphrase), 2, "--write");
        Assert.DoesNotContain("signed by 1 of 1", (await RunAsync("show", whole)).Output, StringComparison.Ordinal);
        Succeeded(await RunAsync("sign", whole, "--key", machine, "--yes", "--write", text, "--passphrase-file", hub.Passphrase));
        Assert.Contains("10.15.159.0/24", await File.ReadAllTextAsync(text, Token), StringComparison.Ordinal);
        Assert.Contains("10.15.159.0/24", (await RunAsync("show", whole)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_nobody_can_read_is_signed_only_by_a_hash_from_elsewhere()
    {
        var (image, request) = (New("image"), New("request"));
        await File.WriteAllBytesAsync(image, [0xE5, 0, 1, 2, 3], Token);
        Succeeded(await RunAsync("request", "target", "blocklists/image.bin", image, "--dir", hub.Hub, "--out", request));
        var machine = Machine((await RoleAsync("blocklists")).Keys.Single().Path!);
        string[] sign = ["sign", request, "--key", machine, "--yes", "--passphrase-file", hub.Passphrase];
        HubProcess.FailedInOneLine(await RunAsync(sign), 2, "blocklists/image.bin is not for reading; give --by-hash");
        HubProcess.FailedInOneLine(await RunAsync([.. sign, "--by-hash", new string('0', 64)]), 2, "is not for reading");
        Succeeded(await RunAsync([.. sign, "--by-hash", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(await File.ReadAllBytesAsync(image, Token)))]));

        // What says that it can be read and cannot is signed by nobody.
        var (broken, unreadable) = (New("broken"), New("request"));
        await File.WriteAllTextAsync(broken, "{\"a\":1,\"a\":2}", Token);
        Succeeded(await RunAsync("request", "target", "blocklists/extra.json", broken, "--dir", hub.Hub, "--out", unreadable));
        HubProcess.FailedInOneLine(await RunAsync("sign", unreadable, "--key", Machine((await RoleAsync("blocklists")).Keys.Single().Path!), "--yes", "--passphrase-file", hub.Passphrase), 1, "nobody can tell what it says");
    }

    [Fact]
    public async Task A_signer_is_not_led_back_behind_what_he_signed()
    {
        var machine = Machine((await RoleAsync("mitigations-authority")).Keys.Single().Path!);
        var record = Path.Combine(Path.GetDirectoryName(machine)!, "signed.json");
        var (old, other) = (await GrantAsync("first", 5, 1), await GrantAsync("first", 7, 1));
        Assert.Contains("nothing was signed here before", await SignAsync(old, machine), StringComparison.Ordinal);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(record) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        // Two contents of one version: only if he says that the first was given up.
        string[] sign = ["sign", other, "--key", machine, "--yes", "--passphrase-file", hub.Passphrase];
        HubProcess.FailedInOneLine(await RunAsync(sign), 1, "another version");
        var sha256 = JsonDocument.Parse(await File.ReadAllTextAsync(record, Token)).RootElement.GetProperty("roles")[0].GetProperty("sha256").GetString()!;
        Succeeded(await RunAsync([.. sign, "--given-up", sha256]));
        Succeeded(await RunAsync("apply", other, "--dir", hub.Hub));
        await SignAsync(await GrantAsync("first", 8, 1), machine);
        HubProcess.FailedInOneLine(await RunAsync(sign), 1, "goes back behind version");

        // A record that is damaged is no record that is not there.
        await File.WriteAllTextAsync(record, "{}", Token);
        HubProcess.FailedInOneLine(await RunAsync(sign), 1, "bring a copy of it back");
    }

    [Fact]
    public async Task Two_terminals_at_once_do_not_sign_two_contents_of_one_version()
    {
        var machine = Machine((await RoleAsync("mitigations-authority")).Keys.Single().Path!);
        string[] requests = [await GrantAsync("twin", 5, 1), await GrantAsync("twin", 7, 1)];
        var runs = await Task.WhenAll(requests.Select(request => RunAsync("sign", request, "--key", machine, "--yes", "--passphrase-file", hub.Passphrase)));
        Assert.Equal([0, 1], runs.Select(run => run.Code).Order());
        HubProcess.FailedInOneLine(runs.Single(run => run.Code != 0), 1, "another version");
        Assert.Single(await Task.WhenAll(requests.Select(async request => (await RunAsync("show", request)).Output)), shown => shown.Contains("signed by 1 of 1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Of_each_role_that_was_never_signed_here_the_signer_is_told_so()
    {
        var machine = Machine((await RoleAsync("mitigations-authority")).Keys.Single().Path!);
        var blocklists = (await RoleAsync("blocklists")).Keys.Single().Path!;
        var second = Path.Combine(Path.GetDirectoryName(machine)!, Path.GetFileName(blocklists));
        File.Copy(blocklists, second);
        Assert.Contains("nothing was signed here before of mitigations-authority (", await SignAsync(await GrantAsync("told", 5, 1), machine), StringComparison.Ordinal);

        var request = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", request));
        Assert.Contains("nothing was signed here before of blocklists (", await SignAsync(request, second), StringComparison.Ordinal);
        Succeeded(await RunAsync("apply", request, "--dir", hub.Hub));
        var next = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", next));
        Assert.DoesNotContain("nothing was signed here before", await SignAsync(next, second), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_signed_on_the_spot_is_held_against_what_was_signed_and_remembered_like_anything_else()
    {
        var record = Path.Combine(hub.Offline, "signed.json");
        var before = await RememberedAsync(record);
        Assert.Subset(before.Keys.ToHashSet(), new HashSet<string> { "root", "targets", "blocklists", "mitigations-authority", "authorizations-isp-a" }); // by init and sensor add

        var stale = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", stale));
        string[] listed = ["--category", "c2", "--dir", hub.Hub, "--offline", hub.Offline, "--passphrase-file", hub.Passphrase];
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "add", "203.0.113.45", .. listed]));
        var role = await RoleAsync("blocklists");
        Assert.Equal(role.Version, (await RememberedAsync(record))["blocklists"].Version);
        HubProcess.FailedInOneLine(await RunAsync("sign", stale, "--key", role.Keys.Single().Path!, "--yes", "--passphrase-file", hub.Passphrase), 1, "another version");

        // A request that was signed and waits is not passed by on the spot, unless it was given up.
        var waiting = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", waiting));
        await SignAllAsync(waiting, "blocklists");
        var signed = (await RememberedAsync(record))["blocklists"];
        HubProcess.FailedInOneLine(await HubProcess.RunAsync(["listed", "add", "203.0.113.46", .. listed]), 1, "another version");
        Assert.Equal(role.Version, (await RoleAsync("blocklists")).Version);
        Assert.Equal(signed, (await RememberedAsync(record))["blocklists"]);
        HubProcess.Succeeded(await HubProcess.RunAsync(["listed", "add", "203.0.113.46", .. listed, "--given-up", signed.Sha256]));
        Assert.Equal(role.Version + 1, (await RoleAsync("blocklists")).Version);
    }

    [Fact]
    public async Task One_machines_commands_write_requests_too_and_open_no_offline_key()
    {
        var request = New("request");
        HubProcess.Succeeded(await HubProcess.RunAsync("listed", "add", "203.0.113.44", "--category", "c2", "--dir", hub.Hub, "--request", request));
        Assert.DoesNotContain("203.0.113.44", (await HubProcess.RunAsync("listed", "show", "--dir", hub.Hub)).Output, StringComparison.Ordinal);
        await SignAllAsync(request, "blocklists");
        Succeeded(await RunAsync("apply", request, "--dir", hub.Hub));
        Assert.Contains("203.0.113.44 c2", (await HubProcess.RunAsync("listed", "show", "--dir", hub.Hub)).Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("usage", 2, "rotate", "nobody", "--out", "x")]
    [InlineData("say which goes", 2, "rotate", "targets", "--out", "x")]
    [InlineData("1 to 3 can be asked", 2, "threshold", "targets", "4", "--out", "x")]
    [InlineData("There is no target", 2, "request", "remove", "mitigations/a/b.json", "--out", "x")]
    [InlineData("/nowhere", 1, "request", "grant", "/nowhere", "--out", "x")]
    [InlineData("needs an offline key", 1, "request", "renew", "control", "--out", "x")]
    [InlineData("'many' is no whole number", 2, "threshold", "targets", "many", "--out", "x")]
    public async Task What_is_wrong_is_said_in_one_line(string part, int code, params string[] arguments)
    {
        HubProcess.FailedInOneLine(await RunAsync([.. arguments.Select(a => a == "x" ? New("never") : a), "--dir", hub.Hub]), code, part);
    }

    [Fact]
    public async Task A_request_that_must_be_made_anew_is_called_so_before_anybody_gathers_signatures_for_it()
    {
        var (first, second) = (New("request"), New("request"));
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", first));
        HubProcess.Succeeded(await HubProcess.RunAsync("listed", "add", "203.0.113.48", "--category", "c2", "--dir", hub.Hub, "--request", second));
        await SignAllAsync(first, "blocklists");
        Succeeded(await RunAsync("apply", first, "--dir", hub.Hub));
        var late = await RunAsync("apply", second, "--dir", hub.Hub);
        HubProcess.FailedInOneLine(late, 1, "make it anew");
        Assert.StartsWith("error[outdated]", late.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_what_it_should_be_is_found_out_before_anything_is_made()
    {
        var request = New("request");
        Succeeded(await RunAsync("request", "renew", "blocklists", "--dir", hub.Hub, "--out", request));
        HubProcess.FailedInOneLine(await RunAsync("sign", request, "--key", "/nowhere/root-1.key", "--yes", "--passphrase-file", hub.Passphrase), 2, "/nowhere/root-1.key is not there");

        var folder = New("machine");
        HubProcess.FailedInOneLine(await RunAsync("new", "blocklists", "--out", folder, "--root", hub.WitnessCard, "--passphrase-file", hub.Passphrase), 2, "give the root.json of an enrolment");
        Assert.False(Directory.Exists(folder));
    }

    [Fact]
    public async Task A_grant_of_somebody_without_keys_is_not_given_to_the_targets_keys_to_sign()
    {
        var (document, request) = (New("grant") + ".json", New("request"));
        Assert.True(Open().ReadTarget("mitigations/authority/standing.json").TryGet(out var standing, out _));
        await File.WriteAllTextAsync(document, System.Text.Encoding.UTF8.GetString(standing).Replace("\"issuer\":\"authority\"", "\"issuer\":\"autority\"", StringComparison.Ordinal), Token);
        HubProcess.FailedInOneLine(await RunAsync("request", "grant", document, "--dir", hub.Hub, "--out", request), 2, "keys issuer add");
        Assert.False(File.Exists(request));
    }

    [Fact]
    public async Task No_role_hands_on_more_than_it_was_given()
    {
        var (folder, request) = (New("machine"), New("request"));
        Succeeded(await RunAsync("new", "lab", "--out", folder, "--passphrase-file", hub.Passphrase));
        string[] rest = ["--by", "mitigations-authority", "--key", Directory.GetFiles(folder, "*.pub").Single(), "--dir", hub.Hub, "--out", request];
        HubProcess.FailedInOneLine(await RunAsync(["delegate", "lab", "--path", "blocklists/*", .. rest]), 2, "'blocklists/*' is more than mitigations-authority was given (mitigations/authority/*)");
        HubProcess.FailedInOneLine(await RunAsync(["delegate", "lab", "--path", "mitigations/*/lab-*", .. rest]), 2, "narrow it");
        Succeeded(await RunAsync(["delegate", "lab", "--path", "mitigations/authority/lab-*", .. rest]));
    }

    private static Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments) => HubProcess.RunAsync(["keys", .. arguments]);

    private static void Succeeded((int Code, string Output, string Error) run) => HubProcess.Succeeded(run);

    private string New(string name) => Path.Combine(hub.Folder, $"{name}-{Guid.NewGuid():n}");

    // A folder with one key and the root that its holder was given at the hub's founding.
    private string Machine(string key)
    {
        var folder = New("machine");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(hub.Offline, "root.json"), Path.Combine(folder, "root.json"));
        var copy = Path.Combine(folder, Path.GetFileName(key));
        File.Copy(key, copy);
        return copy;
    }

    private async Task<string> SignAsync(string request, string key)
    {
        var run = await RunAsync("sign", request, "--key", key, "--yes", "--passphrase-file", hub.Passphrase);
        Succeeded(run);
        return run.Output;
    }

    private async Task SignAllAsync(string request, string role)
    {
        var keys = (await RoleAsync(role)).Keys.SelectMany(key => new[] { "--key", key.Path! });
        Succeeded(await RunAsync(["sign", request, .. keys, "--yes", "--passphrase-file", hub.Passphrase]));
    }

    // A request for a grant with many excluded prefixes: a line each, where it is shown.
    private async Task<string> GrantAsync(string id, int maxRules, int excluded, params string[] more)
    {
        var now = UnixMilliseconds.Now(TimeProvider.System).Value;
        var grant = new Grant
        {
            Id = DocumentId.Parse(id),
            Issuer = OperatorId.Parse("authority"),
            Actions = new HashSet<MitigationStep> { MitigationStep.Observe },
            MinPrefixLengthV4 = 32,
            MinPrefixLengthV6 = 128,
            MaxDurationMs = 60_000,
            MaxRules = maxRules,
            Sensors = [SensorPattern.All],
            Tiers = [OpenTier.Tier],
            ExcludedPrefixes = [.. Enumerable.Range(0, excluded).Select(i => Prefix.Parse($"10.{i >> 8}.{i & 255}.0/24")), .. more.Select(Prefix.Parse)],
            NotBefore = new UnixMilliseconds(now - (now % 1_000_000)),
            NotAfter = new UnixMilliseconds(now - (now % 1_000_000) + 86_400_000),
        };
        var (document, request) = (New("grant") + ".json", New("request"));
        await File.WriteAllBytesAsync(document, grant.ToCanonicalJson(), Token);
        Succeeded(await RunAsync("request", "grant", document, "--dir", hub.Hub, "--out", request));
        return request;
    }

    private static async Task<Dictionary<string, RoleVersion>> RememberedAsync(string record)
    {
        Assert.True(SignedVersions.TryParse(await File.ReadAllBytesAsync(record, Token), out var signed, out var error), error?.ToString());
        return signed.Roles.ToDictionary(role => role.Role);
    }

    private TufRepository Open()
    {
        Assert.True(TufRepository.Open(Path.Combine(hub.Hub, "repository"), RepositoryOptions.Default, TimeProvider.System).TryGet(out var repository, out var error), error?.ToString());
        return repository;
    }

    // As a sensor does: from the first root, each step with the witness's word.
    private async Task<TufResult<VerifiedRepository>> RefreshAsync()
    {
        var repository = Path.Combine(hub.Hub, "repository");
        var client = new TufClient(
            new DirectoryTransport(Path.Combine(repository, "metadata"), Path.Combine(repository, "targets")), new DirectoryMetadataStore(New("client")), TimeProvider.System, TufLimits.Default, witnessed: true);
        Assert.Null(client.Initialize(await File.ReadAllBytesAsync(Path.Combine(hub.Enrolment, "root.json"), Token)));
        return await client.RefreshAsync(Token);
    }

    private async Task<RoleRow> RoleAsync(string name)
    {
        var listed = await RunAsync("list", "--json", "--dir", hub.Hub, "--offline", hub.Offline);
        Succeeded(listed);
        return JsonSerializer.Deserialize<List<RoleRow>>(listed.Output, TestHub.Json)!.Single(role => role.Role == name);
    }

    private sealed record RoleRow(string Role, long Version, int Threshold, IReadOnlyList<KeyRow> Keys);

    private sealed record KeyRow(string Id, string? Path, bool? Encrypted);
}
