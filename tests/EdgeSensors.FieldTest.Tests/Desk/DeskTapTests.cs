using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeSensors.FieldTest.Commands;
using EdgeSensors.FieldTest.Desk;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Taps;
using EdgeSensors.Protocol;
using Spectre.Console;

namespace EdgeSensors.FieldTest.Tests.Desk;

/// <summary>The tap on the desk without a hub: its panel, its flash, and what goes wrong.</summary>
public sealed class DeskTapTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgesensors-desk-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void It_is_enrolled_once_and_then_starts_from_its_flash()
    {
        var options = Options("tap-1");
        var first = Play(options, notes => notes.Any(n => n.Contains("cannot be reached", StringComparison.Ordinal)));
        Assert.Contains("started: not enrolled", first);
        Assert.Contains("the tap answers: enrolled", first);
        Assert.Contains(first, n => n.StartsWith("the hub 127.0.0.1:", StringComparison.Ordinal) && n.EndsWith("it is tried again", StringComparison.Ordinal));

        var second = Play(options, notes => notes.Count > 0);
        Assert.StartsWith("started: tap-1 of fieldtest, hub 127.0.0.1:", second[0], StringComparison.Ordinal);
    }

    [Fact]
    public void An_opened_lid_and_a_press_of_the_button_are_seen()
    {
        var notes = Play(Options("tap-1"), n => n.Any(w => w.StartsWith("LED: opened", StringComparison.Ordinal)) && n.Contains("the button is pressed"), DeskKey.Lid, DeskKey.Press);
        Assert.Contains("the lid is opened", notes);
    }

    [Fact]
    public void Another_taps_flash_is_refused()
    {
        Play(Options("tap-1"), notes => notes.Contains("the tap answers: enrolled"));
        var error = Assert.Throws<DeskException>(() => Play(Options("tap-2"), _ => false));
        Assert.Contains("is that of tap-1 of fieldtest, the enrolment that of tap-2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tap_on_a_real_hub_draws_its_numbers_from_the_machine_whatever_the_seed()
    {
        var octets = File.ReadAllBytes(Path.Combine(Options("tap-1").Enrolment, "tap.enrolment"));
        Assert.NotEqual(Epoch(), Epoch());

        ulong Epoch()
        {
            using var tap = new LiveTap("tap-1", octets, new RunSeed(1), windowMs: 20_000);
            for (var i = 0; i < 100_000 && tap.Epoch == 0; i++)
            {
                tap.Turn();
            }

            return tap.Epoch;
        }
    }

    [Fact]
    public void An_enrolment_that_is_missing_or_none_is_said_in_one_line()
    {
        var missing = Assert.Throws<DeskException>(() => new DeskTap(Options("tap-1") with { Enrolment = _folder.FullName + "/nowhere" }, null, TimeProvider.System));
        Assert.Contains("is missing; make it with: edgesensors-hub sensor add", missing.Message, StringComparison.Ordinal);
        var file = Path.Combine(_folder.FullName, "other");
        foreach (var octets in (byte[][])[[], new byte[40], RandomNumberGenerator.GetBytes(200_000)])
        {
            File.WriteAllBytes(file, octets);
            var none = Assert.Throws<DeskException>(() => new DeskTap(Options("tap-1") with { Enrolment = file }, null, TimeProvider.System));
            Assert.Contains("is no enrolment of a tap", none.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_screen_fits_a_terminal_of_80_columns_and_24_lines()
    {
        var options = Options("tap-1");
        using var tap = new DeskTap(options, null, TimeProvider.System);
        using var writer = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Out = new AnsiConsoleOutput(writer) });
        console.Profile.Width = 80;
        console.Write(new DeskScreen(tap, options, console).Draw(80, 24));
        var lines = writer.ToString().TrimEnd('\n').Split('\n');
        Assert.InRange(lines.Length, 10, 24);
        Assert.All(lines, l => Assert.InRange(l.Length, 0, 80));
        Assert.Contains(lines, l => l.Contains("c hold (consent)  R hold (forget all)  t lid  l cable  e enrol  q quit", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("192.0.2.1:8883", "192.0.2.1", 8883)]
    [InlineData("hub.example:1", "hub.example", 1)]
    [InlineData("[2001:db8::1]:8883", "2001:db8::1", 8883)]
    [InlineData("192.0.2.1", null, 0)]
    [InlineData("192.0.2.1:0", null, 0)]
    [InlineData("192.0.2.1:65536", null, 0)]
    [InlineData("2001:db8::1:8883", null, 0)]
    [InlineData("[hub.example]:8883", null, 0)]
    [InlineData(":8883", null, 0)]
    [InlineData("a b:8883", null, 0)]
    public void A_hub_is_a_host_and_a_port(string text, string? host, int port) =>
        Assert.Equal(host is null ? default : (host, port), TapCommand.TryParseHub(text, out var hub) ? hub : default);

    /// <summary>Runs it until something has happened, and gives all that did.</summary>
    private static List<string> Play(DeskOptions options, Func<List<string>, bool> until, params DeskKey[] keys)
    {
        var notes = new List<string>();
        using var tap = new DeskTap(options, null, TimeProvider.System);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        stop.CancelAfter(TimeSpan.FromSeconds(60));
        var running = Task.Factory.StartNew(() => tap.Run(stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var (pressed, pressedAt) = (false, 0L);
        while (!until(notes) && !running.IsCompleted)
        {
            while (tap.TryTakeNote(out var note))
            {
                notes.Add(note.Words);
            }

            if (!pressed && notes.Any(n => n.StartsWith("LED: no authorisation", StringComparison.Ordinal)))
            {
                pressed = true;
                foreach (var key in keys.Where(k => k != DeskKey.Press))
                {
                    tap.Press(key);
                }
            }

            // A button that is down at the start is not heeded, and a busy machine may not see a short press: a person presses again.
            if (pressed && keys.Contains(DeskKey.Press) && Environment.TickCount64 - pressedAt > 2_000)
            {
                pressedAt = Environment.TickCount64;
                tap.Press(DeskKey.Press);
            }

            Thread.Sleep(5);
        }

        tap.Press(DeskKey.Quit);
        running.GetAwaiter().GetResult();
        Assert.False(stop.IsCancellationRequested, "it has not come about: " + string.Join("; ", notes));
        return notes;
    }

    /// <summary>An enrolment with keys of its own, whose hub is a port at which nobody listens.</summary>
    private DeskOptions Options(string sensor)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN=fieldtest/{sensor}", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        var enrolment = new TapEnrolment
        {
            Name = new SensorName(OperatorId.Parse("fieldtest"), SensorId.Parse(sensor)),
            HubHost = "127.0.0.1",
            MqttPort = FreePort.Tcp(),
            CertificatePem = certificate.ExportCertificatePem() + "\n",
            KeyPem = key.ExportPkcs8PrivateKeyPem() + "\n",
            AuthorityPem = certificate.ExportCertificatePem() + "\n",
            Root = "{}"u8.ToArray(),
            SealingKey = new byte[32],
        };
        Assert.True(TapEnrolmentCodec.TryEncode(enrolment, out var octets, out var error), error.ToString());
        var folder = _folder.CreateSubdirectory(sensor);
        File.WriteAllBytes(Path.Combine(folder.FullName, "tap.enrolment"), octets);
        return new DeskOptions { Wire = "mirror0", Enrolment = folder.FullName, State = Path.Combine(_folder.FullName, "flash") };
    }
}
