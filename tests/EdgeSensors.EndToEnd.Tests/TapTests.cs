using System.Device.Spi;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Platform.Host;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Tests.Store;
using EdgeSensors.Hardware.Chips;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Protocol;
using EdgeSensors.Tests;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The firmware's host build against the real hub process: MQTT over TLS, updates by chunks, reports committed and acknowledged.</summary>
public class TapTests
{
    [Fact]
    public async Task A_tap_enrols_fetches_its_authorisation_reports_and_goes_on_after_the_hub_was_killed()
    {
        using var station = await Station.MakeAsync(["10.0.0.0/8"], ["--kind", "tap"]);
        await station.Hub.ServeAsync(Station.Stop);
        var flash = new MemoryFlash(16 * 1024 * 1024);
        var identity = await EnrolAsync(station, flash);
        Assert.Equal((HubSide.Operator, HubSide.Sensor, "127.0.0.1", station.Hub.MqttPort), (identity.Operator, identity.Sensor, identity.Host, identity.Port));
        using var link = EnrolmentFolder.Connect(identity);
        using var ethernet = new W5500Chip(new SpiConnectionSettings(1, 10) { ClockFrequency = W5500.MaxClockFrequency }, TimeProvider.System, new Supply(TimeProvider.System), 1);
        ethernet.Plug(true);
        var tap = new Tap(
            identity, new W5500(ethernet), flash, new SystemClock(), new SystemRandom(), link, new BareBoard(), new TapLimits { WindowMs = 2_000 });

        await UntilAsync(tap, () => tap.IsMeasuring, ethernet);
        await UntilAsync(tap, () => station.Reports().Any(r => r.Total is { Packets: > 20 }), ethernet);
        var report = station.Reports().First(r => r.Total is { Packets: > 20 });
        Assert.StartsWith("gateway-", report.AuthorizationId, StringComparison.Ordinal);
        var status = station.Inbox().Last(m => m.Channel == Channel.Status);
        Assert.True(StatusCodec.TryDecode(status.Payload, out var said, out _));
        Assert.Equal(SensorKind.Tap, said!.Kind);
        Assert.NotEqual("none", said.Witness); // no update is taken without the witness
        Assert.Contains(station.Inbox(), m => m.Channel == Channel.Receipt && ReceiptCodec.TryDecode(m.Payload, out var receipt, out _) && receipt!.Refusal is null);

        station.Hub.Serving.Kill();
        await UntilAsync(tap, () => !link.IsConnected && tap.Outbox.Waiting >= 2, ethernet);
        await station.Hub.ServeAsync(Station.Stop);
        await UntilAsync(tap, () => link.IsConnected && tap.Outbox.Waiting == 0, ethernet);

        // Each number once, none missing, and no frame in two windows.
        var numbers = station.Inbox().Select(Sequence).Order().ToList();
        Assert.Equal(Enumerable.Range(1, numbers.Count).Select(i => (ulong)i), numbers);
        Assert.True(tap.Frames >= station.Reports().Sum(r => (long)(r.Total?.Packets ?? 0)));
    }

    /// <summary>The hub's command at one end of a serial line, the firmware's receiver at the other. The module greets in between, as modules do.</summary>
    private static async Task<TapIdentity> EnrolAsync(Station station, MemoryFlash flash)
    {
        using var line = PseudoTerminal.CreateOrSkip();
        var receiver = new EnrolmentReceiver(flash);
        var sending = station.Hub.SendAsync(station.Enrolment, line.Device, Station.Stop);
        await Task.Run(
            () =>
            {
                var octets = new byte[256];
                var answer = EnrolmentAnswer.None;
                while (answer == EnrolmentAnswer.None)
                {
                    answer = receiver.Take(octets, line.Read(octets), Environment.TickCount64);
                    for (var i = 0; i < 1_000 && answer == EnrolmentAnswer.None; i++)
                    {
                        answer = receiver.Step(Environment.TickCount64);
                    }
                }

                line.Write("I (218) boot: ESP-IDF\r\n"u8);
                line.Write(System.Text.Encoding.ASCII.GetBytes(EnrolmentReceiver.Line(answer)));
            },
            Station.Stop);
        await sending;
        return IdentityStore.Load(flash)!;
    }

    private static ulong Sequence(CommittedMessage message) => message.Channel switch
    {
        Channel.Report => ReportCodec.TryDecode(message.Payload, out var m, out _) ? m!.Id.Sequence : 0,
        Channel.Status => StatusCodec.TryDecode(message.Payload, out var m, out _) ? m!.Id.Sequence : 0,
        Channel.Receipt => ReceiptCodec.TryDecode(message.Payload, out var m, out _) ? m!.Id.Sequence : 0,
        _ => AlertCodec.TryDecode(message.Payload, out var m, out _) ? m!.Id.Sequence : 0,
    };

    /// <summary>Runs the tap's loop, with a frame now and then, until something is so.</summary>
    private static async Task UntilAsync(Tap tap, Func<bool> holds, W5500Chip ethernet)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Station.Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(90));
        byte[] frame = Convert.FromHexString("ffffffffffff02000000000108004500002800000000400600000a00000501020304c35001bb000000000000000050020000000000000000");
        var looked = 0L;
        while (true)
        {
            Assert.False(patience.IsCancellationRequested, $"it has not come about: {tap.Updates.Stage} {tap.Updates.Fault}, trusted {tap.Time.IsTrusted}");
            frame[35] = (byte)Random.Shared.Next(1, 50);
            ethernet.Receive(frame);
            for (var i = 0; i < 200 && tap.Step(); i++)
            {
            }

            await Task.Delay(2, CancellationToken.None);
            if (Environment.TickCount64 - looked > 250)
            {
                looked = Environment.TickCount64;
                if (holds())
                {
                    return;
                }
            }
        }
    }

    private sealed class BareBoard : IBoard
    {
        public bool IsTampered => false;

        public void Poll(long milliseconds)
        {
        }

        public ButtonAction TakeButton() => ButtonAction.None;

        public bool TryReadTemperature(out int sixteenths)
        {
            sixteenths = 0;
            return false;
        }

        public void ConnectTapPort(bool connected)
        {
        }

        public void Show(TapCondition condition)
        {
        }
    }
}
