using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Traffic;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>What a person gets who gives a program something wrong: one line that says what to do, and an exit code that is not 0.</summary>
public class BadInputTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<string, string[], string> WrongWords => new()
    {
        { ProgramLocator.Agent, ["run", "--no-such-option"], "--no-such-option" },
        { ProgramLocator.Agent, ["run", "--config", "/nonexistent/agent.yaml"], "/nonexistent/agent.yaml" },
        { ProgramLocator.Agent, ["meter", "/nonexistent.pcap"], "/nonexistent.pcap" },
        { ProgramLocator.Hub, ["serve", "--no-such-option"], "--no-such-option" },
        { ProgramLocator.Hub, ["serve", "--config", "/nonexistent/hub.yaml"], "/nonexistent/hub.yaml" },
        { ProgramLocator.FieldTest, ["run", "ring", "--no-such-option"], "--no-such-option" },
        { ProgramLocator.FieldTest, ["run", "ring", "--capture", "/nonexistent.pcap"], "/nonexistent.pcap" },
        { ProgramLocator.FieldTest, ["run", "ring", "--inside", "10.0.0.1/8"], "10.0.0.1/8" },
    };

    [Theory]
    [MemberData(nameof(WrongWords))]
    public async Task A_wrong_word_is_named_in_one_line(string program, string[] arguments, string named)
    {
        var log = Path.GetTempFileName();
        using var run = StartedProgram.Start(null, Station.Program(program), arguments, log);
        Assert.True(await run.WaitForEndAsync(Patience, Stop));
        AssertOneLine(run, named);
        File.Delete(log);
    }

    [Theory]
    [InlineData("notes.txt", "not")]
    [InlineData("cut.pcap", "truncated")]
    public async Task A_file_that_is_no_whole_capture_is_named(string file, string says)
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-bad-input-").FullName;
        var path = Path.Combine(folder, file);
        // A pcap header (draft-ietf-opsawg-pcap, section 4) and a record that promises 60 octets and has 4.
        await File.WriteAllBytesAsync(
            path,
            file == "cut.pcap"
                ? Convert.FromHexString("d4c3b2a1020004000000000000000000ffff000001000000" + "00000000000000003c0000003c000000" + "00000000")
                : "these are notes and no packets at all, whatever their name may say"u8.ToArray(),
            Stop);
        using var meter = StartedProgram.Start(null, Station.Program(ProgramLocator.Agent), ["meter", "--quiet", path], Path.Combine(folder, "log"));
        Assert.True(await meter.WaitForEndAsync(Patience, Stop));
        AssertOneLine(meter, path);
        Assert.Contains(says, meter.LastWords(), StringComparison.Ordinal);
        meter.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_key_that_belongs_to_another_certificate_is_named()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        File.Copy(Path.Combine(station.Hub.Profile, "operator.key"), Path.Combine(station.Enrolment, "sensor.key"), overwrite: true);
        using var agent = station.StartAgent(station.Reads(station.WriteCapture("replay.pcap", GeneratedAttack.Make(seed: 5)), "fast"));
        Assert.True(await agent.WaitForEndAsync(Patience, Stop));
        AssertOneLine(agent, "sensor.key");
    }

    [Fact]
    public async Task A_hub_that_cannot_or_must_not_start_says_why()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        var config = Path.Combine(station.Hub.Folder, "hub.yaml");

        using (var taken = new TcpListener(IPAddress.Loopback, station.Hub.MqttPort))
        {
            taken.Start();
            await HubRefusesAsync(station, config, $"{station.Hub.MqttPort}");
        }

        // Wall 4: what serves must not be able to sign what only people may.
        var passphrase = (await File.ReadAllTextAsync(Path.Combine(station.Folder, "passphrase"), Stop)).Trim();
        await HubRefusesAsync(station, config, "offline", ("EDGESENSORS_PASSPHRASE", passphrase));

        await File.AppendAllTextAsync(config, "\nno_such_key: 1\n", Stop);
        await HubRefusesAsync(station, config, "no_such_key");
    }

    [Fact]
    public async Task An_unknown_configuration_key_is_named_with_its_line()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        await File.AppendAllTextAsync(Path.Combine(station.Enrolment, "agent.yaml"), "\nno_such_key: 1\n", Stop);
        using var agent = station.StartAgent(station.Reads("/nonexistent.pcap", "fast"));
        Assert.True(await agent.WaitForEndAsync(Patience, Stop));
        AssertOneLine(agent, "no_such_key");
    }

    [Theory]
    [InlineData("sensor.crt")]
    [InlineData("sensor.key")]
    [InlineData("ca.crt")]
    public async Task A_certificate_or_key_that_is_none_is_named(string file)
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        await File.WriteAllTextAsync(Path.Combine(station.Enrolment, file), "not a certificate", Stop);
        var capture = station.WriteCapture("replay.pcap", GeneratedAttack.Make(seed: 5));
        using var agent = station.StartAgent(station.Reads(capture, "fast"));
        Assert.True(await agent.WaitForEndAsync(Patience, Stop), "the agent goes on with a broken " + file);
        AssertOneLine(agent, file);
    }

    [Fact]
    public async Task Without_a_hub_the_agent_keeps_what_it_has_and_says_why()
    {
        using var station = await Station.MakeAsync("198.51.100.10");
        var capture = station.WriteCapture("replay.pcap", GeneratedAttack.Make(seed: 6));
        var settings = station.Reads(capture, "fast");
        using (var agent = station.StartAgent(settings))
        {
            var said = await agent.WaitForLineAsync(l => l.Contains("127.0.0.1", StringComparison.Ordinal), Patience, Stop);
            Assert.True(said is not null, "the agent does not say that the hub cannot be reached");
            agent.Kill();
        }

        // The hub comes later; nothing was lost.
        await station.Hub.ServeAsync(Stop);
        using var again = station.StartAgent(settings);
        await Station.EndsByItselfAsync(again);
        Assert.NotEmpty(station.Reports());
    }

    [Fact]
    public async Task A_full_disk_is_said_and_nothing_acknowledged_is_lost()
    {
        using var disk = SmallDisk.Mount();
        using var station = await Station.MakeAsync("198.51.100.10");
        var capture = station.WriteCapture("replay.pcap", GeneratedAttack.Make(seed: 8));
        var settings = station.Reads(capture, "fast");
        settings["EDGESENSORS__STATE__DIRECTORY"] = disk.Path;
        await station.Hub.ServeAsync(Stop);
        using var agent = station.StartAgent(settings);
        Assert.True(await agent.WaitForEndAsync(Patience, Stop), "the agent goes on with a full disk");
        AssertOneLine(agent, disk.Path);
    }

    private static async Task HubRefusesAsync(Station station, string config, string named, params (string Key, string Value)[] environment)
    {
        using var hub = StartedProgram.Start(
            null, Station.Program(ProgramLocator.Hub), ["serve", "--config", config], Path.Combine(station.Logs, "hub.log"), environment.ToDictionary(e => e.Key, e => e.Value));
        Assert.True(await hub.WaitForEndAsync(Patience, Stop), "the hub goes on");
        AssertOneLine(hub, named);
    }

    private static void AssertOneLine(StartedProgram program, string named)
    {
        Assert.NotEqual(0, program.ExitCode);
        var line = Assert.Single(program.Said, l => l.IsError).Text;
        Assert.Contains(named, line, StringComparison.Ordinal);
        Assert.True(line.Length < 400, $"not a line that a person reads: {line}");
    }

    /// <summary>A tmpfs of a few pages that is already full.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private SmallDisk(string path) => Path = path;

        public string Path { get; }

        public static SmallDisk Mount()
        {
            var path = Directory.CreateTempSubdirectory("edgesensors-disk-").FullName;
            if (Run("mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", path) != 0)
            {
                Directory.Delete(path);
                Assert.Skip("mounting a small disk needs root");
            }

            return new SmallDisk(path);
        }

        public void Dispose()
        {
            Run("umount", "-l", Path);
            Directory.Delete(Path);
        }

        private static int Run(string program, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
                process.WaitForExit();
                return process.ExitCode;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return -1;
            }
        }
    }
}
