using EdgeSensors.EdgeAgent.Doctor;
using EdgeSensors.EdgeAgent.Enforce;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.EdgeAgent.Tests.Doctor;

public sealed class MachineCheckTests
{
    [Theory]
    [InlineData("CapEff:\t000001ffffffffff", "Ok", "Ok", "Warn")] // and more than is needed
    [InlineData("CapEff:\t0000000000002000", "Ok", "Warn")]
    [InlineData("CapEff:\t0000000000001000", "Fail", "Ok")]
    [InlineData("CapEff:\t0000000000000000", "Fail", "Warn")]
    public async Task Rights_are_what_is_effective(string line, string raw, string admin, params string[] more)
    {
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"Name:\tx\n{line}\n", TestContext.Current.CancellationToken);
            var findings = await new RightsCheck(file, capturesInterface: true).RunAsync(TestContext.Current.CancellationToken);
            Assert.Equal([raw, admin, .. more], findings.Select(finding => finding.Verdict.ToString()));
            Assert.All(findings, finding => Assert.Equal(finding.Verdict == Verdict.Ok, finding.Remedy is null));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("1970-01-01", true, "Fail", "Ok")]
    [InlineData("2026-01-01", true, "Ok", "Ok")]
    [InlineData("2026-01-01", false, "Ok", "Warn")]
    [InlineData("2150-01-01", true, "Fail", "Ok")]
    public async Task A_date_that_cannot_be_fails_and_an_unkept_clock_warns(string date, bool synchronised, string plausible, string kept)
    {
        var clock = new FixedClock(DateTimeOffset.Parse(date + "T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        var findings = await new ClockCheck(clock, new KernelClock(synchronised, 1500)).RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal([plausible, kept], findings.Select(finding => finding.Verdict.ToString()));
    }

    [Fact]
    public async Task The_input_must_be_there_up_and_decoded_and_its_offloads_are_said()
    {
        LiveInterface[] interfaces =
        [
            new("eth0", true, true, "GRO"), new("eth1", false, true, null), new("mon0", true, false, null), new("plain0", true, true, null),
        ];
        foreach (var (name, verdict) in ((string, Verdict)[])[("eth0", Verdict.Warn), ("eth1", Verdict.Fail), ("mon0", Verdict.Fail), ("plain0", Verdict.Ok), ("gone0", Verdict.Fail)])
        {
            var findings = await new InterfaceCheck(interfaces, name).RunAsync(TestContext.Current.CancellationToken);
            Assert.Equal(verdict, findings.Single(finding => finding.Subject == name).Verdict);
            Assert.All(findings.Where(finding => finding.Subject != name), finding => Assert.Equal(Verdict.Ok, finding.Verdict));
        }
    }

    [Fact]
    public async Task A_state_directory_that_is_missing_or_full_of_others_rights_fails()
    {
        using var enrolment = new Enrolment();
        Assert.Equal(Verdict.Ok, (await new StateDirectoryCheck(enrolment.Folder).RunAsync(TestContext.Current.CancellationToken))[0].Verdict);
        Assert.Empty(Directory.GetFiles(enrolment.Folder, ".doctor*"));
        var made = Path.Combine(enrolment.Folder, "nowhere");
        Assert.Equal(Verdict.Ok, (await new StateDirectoryCheck(made).RunAsync(TestContext.Current.CancellationToken))[0].Verdict);
        Assert.False(Directory.Exists(made));
        var missing = (await new StateDirectoryCheck(Path.Combine(made, "deeper")).RunAsync(TestContext.Current.CancellationToken))[0];
        Assert.Equal(Verdict.Fail, missing.Verdict);
        Assert.Contains("install -d", missing.Remedy, StringComparison.Ordinal);
        if (Directory.Exists("/proc/self"))
        {
            Assert.Equal(Verdict.Fail, (await new StateDirectoryCheck("/proc/self").RunAsync(TestContext.Current.CancellationToken))[0].Verdict);
        }
    }

    [Fact]
    public async Task Certificates_are_checked_for_name_issuer_end_and_key()
    {
        using var good = new Enrolment();
        Assert.All(await Check(good), finding => Assert.Equal(Verdict.Ok, finding.Verdict));

        using var ending = new Enrolment(validDays: 10);
        Assert.Equal(Verdict.Warn, Of(await Check(ending), "certificate").Verdict);
        using var named = new Enrolment(commonName: "acme/other");
        Assert.Equal(Verdict.Fail, Of(await Check(named), "sensor name").Verdict);
        using var authority = Enrolment.Authority("another");
        using var foreign = new Enrolment(issuer: authority);
        Assert.Equal(Verdict.Fail, Of(await Check(foreign), "issuer").Verdict);

        File.Copy(named.Target.KeyFile, good.Target.KeyFile, overwrite: true);
        Assert.Contains("no PEM certificate with its key", Of(await Check(good), "certificate").Detail, StringComparison.Ordinal);
        File.Delete(good.Target.KeyFile);
        Assert.Contains("is not there", Of(await Check(good), "key").Detail, StringComparison.Ordinal);
        File.WriteAllText(ending.Target.AuthorityFile, "nothing");
        Assert.Contains("holds no PEM", Of(await Check(ending), "authority").Detail, StringComparison.Ordinal);

        static Task<IReadOnlyList<Finding>> Check(Enrolment enrolment) =>
            new CertificateCheck(enrolment.Target, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);
        static Finding Of(IReadOnlyList<Finding> findings, string subject) => findings.Single(finding => finding.Subject == subject);
    }

    [Fact]
    public async Task The_first_root_and_the_sealing_key_must_be_what_they_are_called()
    {
        using var enrolment = new Enrolment();
        var check = new TrustCheck(enrolment.Target.RootFile, enrolment.Target.SealingKeyFile);
        Assert.All(await check.RunAsync(TestContext.Current.CancellationToken), finding => Assert.Contains("cannot be read", finding.Detail, StringComparison.Ordinal));
        File.WriteAllText(enrolment.Target.RootFile, """{"signed":{"_type":"targets","version":1}}""");
        File.WriteAllText(enrolment.Target.SealingKeyFile, "not a key");
        Assert.Equal(["is no TUF root", "is no X25519 key in base64"], (await check.RunAsync(TestContext.Current.CancellationToken)).Select(finding => finding.Detail[(finding.Detail.IndexOf(' ', StringComparison.Ordinal) + 1)..]));
        File.WriteAllText(enrolment.Target.RootFile, """{"signed":{"_type":"root","version":3},"signatures":[]}""");
        Assert.Contains("without a policy of witnesses", (await check.RunAsync(TestContext.Current.CancellationToken))[0].Detail, StringComparison.Ordinal);
        File.WriteAllText(enrolment.Target.RootFile, """{"signed":{"_type":"root","version":3,"x-edgesensors-witness-policy":{}},"signatures":[]}""");
        File.WriteAllText(enrolment.Target.SealingKeyFile, Convert.ToBase64String(new byte[31].Append((byte)64).ToArray()) + "\n");
        Assert.All(await check.RunAsync(TestContext.Current.CancellationToken), finding => Assert.Equal(Verdict.Ok, finding.Verdict));
    }

    [Theory]
    [InlineData(null, "Warn")]
    [InlineData("[{}]", "Ok")]
    [InlineData("[]", "Warn")]
    [InlineData("not json", "Warn")]
    [InlineData("""[{"xdp":{"mode":2,"prog":{"id":7,"name":"es_drop"}}}]""", "Ok")]
    [InlineData("""[{"xdp":{"mode":2,"prog":{"id":7,"name":"theirs"}}}]""", "Warn")]
    [InlineData("""[{"xdp":{"mode":4,"attached":[{"mode":1,"prog":{"id":7}}]}}]""", "Warn")]
    [InlineData("""[{"xdp":{"mode":4,"attached":[]}}]""", "Warn")]
    public void What_stands_at_an_interface_is_told(string? shown, string verdict)
    {
        var finding = XdpCheck.Judge("eth0", shown);
        Assert.Equal((verdict, verdict == "Ok"), (finding.Verdict.ToString(), finding.Remedy is null));
    }

    [Fact]
    public async Task An_input_file_must_be_a_capture()
    {
        using var enrolment = new Enrolment();
        var finding = Assert.Single(await new InputFileCheck(enrolment.Target.KeyFile).RunAsync(TestContext.Current.CancellationToken));
        Assert.Equal(Verdict.Fail, finding.Verdict);
        Assert.DoesNotContain('\n', finding.Detail);
    }

    [Fact]
    public void A_bridge_that_the_filter_does_not_see_is_noticed()
    {
        var root = Directory.CreateTempSubdirectory("edgesensors-doctor-").FullName;
        try
        {
            var (interfaces, setting) = (Path.Combine(root, "net"), Path.Combine(root, "bridge-nf-call-iptables"));
            Assert.False(KernelCheck.HasUnfilteredBridge(interfaces, setting));
            Directory.CreateDirectory(Path.Combine(interfaces, "eth0"));
            Assert.False(KernelCheck.HasUnfilteredBridge(interfaces, setting));
            Directory.CreateDirectory(Path.Combine(interfaces, "eth1", "brport"));
            Assert.True(KernelCheck.HasUnfilteredBridge(interfaces, setting));
            File.WriteAllText(setting, "0\n");
            Assert.True(KernelCheck.HasUnfilteredBridge(interfaces, setting));
            File.WriteAllText(setting, "1\n");
            Assert.False(KernelCheck.HasUnfilteredBridge(interfaces, setting));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task A_machine_without_nft_is_a_limitation_not_a_failure()
    {
        var findings = await new KernelCheck(new NftCommand("/nowhere/nft"), capturesInterface: false).RunAsync(TestContext.Current.CancellationToken);
        var found = findings.Single(finding => finding.Subject == "enforcement");
        Assert.Equal(Verdict.Warn, found.Verdict);
        Assert.Contains("observe only", found.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(findings, finding => finding.Verdict == Verdict.Fail);
    }

    [Fact]
    public async Task The_report_is_one_table_and_one_JSON_object_of_the_same()
    {
        var report = await Examination.RunAsync(null, NftCommand.OfThisMachine(), TimeProvider.System, TestContext.Current.CancellationToken);
        using var table = new StringWriter();
        report.WriteTable(table, colour: false);
        Assert.Contains("Not checked without --config", table.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', table.ToString());
        using var json = new MemoryStream();
        report.WriteJson(json);
        using var read = System.Text.Json.JsonDocument.Parse(json.ToArray());
        foreach (var finding in read.RootElement.GetProperty("findings").EnumerateArray())
        {
            Assert.Contains(finding.GetProperty("subject").GetString()!, table.ToString(), StringComparison.Ordinal);
        }
    }

    private sealed class FixedClock(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
