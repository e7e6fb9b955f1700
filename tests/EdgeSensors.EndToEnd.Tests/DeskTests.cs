using EdgeSensors.FieldTest.Desk;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Hardware.Wire;
using EdgeSensors.Protocol;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The tap on the desk: frames on a real interface, the emulated chip, the firmware, a real hub.</summary>
public class DeskTests
{
    private const int Octets = 900;
    private static readonly byte[] s_here = [2, 0, 0, 0, 0, 1], s_there = [2, 0, 0, 0, 0, 2];

    [Fact]
    public async Task Frames_on_a_live_interface_become_reports_that_the_hub_has_committed_and_the_tap_outlives_its_program()
    {
        using var place = Place();
        using var station = await Station.MakeAsync(["10.0.0.0/8"], ["--kind", "tap"]);
        await station.Hub.ServeAsync(Station.Stop);
        using var wire = place.Run(() => LiveWire.TryOpen("mirror0", TimeProvider.System, out var opened, out var error) ? opened : throw new InvalidOperationException(error));
        using var sender = FrameInjector.Open(place, "traffic0", s_there, s_here);
        var options = new DeskOptions
        {
            Wire = "mirror0",
            Hub = ("127.0.0.1", station.Hub.MqttPort),
            Enrolment = station.Enrolment,
            State = Path.Combine(station.Folder, "flash"),
            Window = TimeSpan.FromSeconds(2),
        };

        var first = await PlayAsync(options, wire, sender, () => station.Reports().Any(r => r.Total is { Packets: > 20 }));
        Assert.Contains("the tap answers: enrolled", first);
        Assert.Contains("LED: at work (one short flash every 4 s)", first);
        var total = station.Reports().Select(r => r.Total).OfType<Counters>().First(t => t.Packets > 20);
        Assert.Equal((ulong)(Octets - FrameInjector.HeaderLength) * total.Packets, total.Octets); // as the headers say; the rest never came up to the tap

        // Another program with the same flash is the same tap: enrolled, and its numbers go on.
        var before = station.Inbox();
        var second = await PlayAsync(options, wire, sender, () => station.Inbox().Count(m => m.Channel == Channel.Report) > before.Count(m => m.Channel == Channel.Report) + 1);
        Assert.DoesNotContain("started: not enrolled", second);
        var after = station.Inbox();
        Assert.Single(after.Select(m => m.Id.Epoch).Distinct());
        Assert.Equal(after.Count, after.Select(m => m.Id.Sequence).Distinct().Count());
    }

    [Fact]
    public async Task The_command_says_in_one_line_what_is_wrong()
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-desk-");
        try
        {
            using var run = StartedProgram.Start(
                null, Station.Program(ProgramLocator.FieldTest), ["tap", "--wire", "nothing0", "--enrolment", folder.FullName], Path.Combine(folder.FullName, "screen.log"));
            Assert.True(await run.WaitForEndAsync(TimeSpan.FromMinutes(1), Station.Stop));
            Assert.Equal(1, run.ExitCode);
            Assert.StartsWith("error[wire]: ", Assert.Single(run.Said).Text, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<List<string>> PlayAsync(DeskOptions options, LiveWire wire, FrameInjector sender, Func<bool> until)
    {
        var notes = new List<string>();
        var frame = new byte[Octets];
        Convert.FromHexString("080045000376000000004006000001020304" + "0a00000101bbc35000000001000000005010").CopyTo(frame, 12);
        using var tap = new DeskTap(options, wire, TimeProvider.System);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Station.Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(120));
        var running = Task.Factory.StartNew(() => tap.Run(patience.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        for (var turn = 0; !running.IsCompleted && (turn % 50 != 0 || !until()); turn++)
        {
            frame[35] = (byte)(turn % 200); // another source port now and then
            Assert.True(sender.TrySend(frame));
            while (tap.TryTakeNote(out var note))
            {
                notes.Add(note.Words);
            }

            await Task.Delay(10, CancellationToken.None);
        }

        tap.Press(DeskKey.Quit);
        await running;
        Assert.False(patience.IsCancellationRequested, "it has not come about: " + string.Join("; ", notes));
        return notes;
    }

    private static NetworkNamespace Place()
    {
        if (!NetworkNamespace.TryCreate("desk", out var place, out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        place.SetKernel("ipv6/conf/default/disable_ipv6", 1);
        LinkSetup.AddPair(place, new("mirror0", s_here), place, new("traffic0", s_there), 1_500);
        LinkSetup.Up(place, "mirror0");
        LinkSetup.Up(place, "traffic0");
        return place;
    }
}
