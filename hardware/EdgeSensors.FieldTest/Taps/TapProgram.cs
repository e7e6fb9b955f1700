using System.Device.Gpio;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Hardware.Boards;
using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>The program on a board tap-1 after a start, put together as Platform/Device/Program does it: the tap of an enrolled board, or the receiver of one that is not.</summary>
/// <param name="Panel">The rest of the board.</param>
/// <param name="Flash">The driver of the flash.</param>
/// <param name="Identity">The enrolment; null where there is none.</param>
/// <param name="Program">The tap; null where the board is not enrolled.</param>
/// <param name="Receiver">Takes an enrolment from the serial line; null where the board is enrolled.</param>
internal sealed record TapProgram(IBoard Panel, W25Q128 Flash, TapIdentity? Identity, Tap1? Program, EnrolmentReceiver? Receiver)
{
    /// <summary>Starts it.</summary>
    /// <param name="board">The board, with power.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="random">Its randomness.</param>
    /// <param name="link">The way to the hub of an enrolment.</param>
    /// <param name="limits">How much it takes on.</param>
    /// <param name="watch">Puts somebody between the program and the panel; null for nobody.</param>
    public static TapProgram Boot(Tap1Board board, IClock clock, IRandom random, Func<TapIdentity, IHubLink> link, TapLimits limits, Func<IBoard, IBoard>? watch = null)
    {
        var pins = new GpioController(board.Pins);
        IBoard panel = PinBoard.OnTap1(pins, board.I2c.CreateDevice(Tmp102.DefaultAddress));
        panel = watch?.Invoke(panel) ?? panel;
        var flash = new W25Q128(board.Flash);
        var chip = new W5500(board.Ethernet, pins.OpenPin(PinBoard.EthernetReset, PinMode.Output));
        bool hasFlash = flash.TryInitialize();
        if (hasFlash && IdentityStore.Load(flash) is { } identity)
        {
            return new TapProgram(panel, flash, identity, new Tap1(identity, chip, flash, clock, random, link(identity), panel, limits), null);
        }

        panel.ConnectTapPort(false);
        panel.Show(hasFlash ? TapCondition.NotEnrolled : TapCondition.Faulty);
        return new TapProgram(panel, flash, null, null, new EnrolmentReceiver(flash));
    }
}
