using System.Device.Gpio;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Hardware.Boards;
using Tap1 = EdgeSensors.Firmware.Run.Tap;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>The program on a board tap-1 after a start, put together as Platform/Device/Program does it.</summary>
/// <param name="Program">The tap; null where the board is not enrolled.</param>
/// <param name="Panel">The rest of the board.</param>
/// <param name="Flash">The driver of the flash.</param>
/// <param name="HasFlash">Whether the flash answers.</param>
internal sealed record TapProgram(Tap1? Program, PinBoard Panel, W25Q128 Flash, bool HasFlash)
{
    /// <summary>Starts it.</summary>
    /// <param name="board">The board, with power.</param>
    /// <param name="clock">Its clock.</param>
    /// <param name="random">Its randomness.</param>
    /// <param name="link">The way to the hub of an enrolment.</param>
    /// <param name="limits">How much it takes on.</param>
    public static TapProgram Boot(Tap1Board board, IClock clock, IRandom random, Func<TapIdentity, IHubLink> link, TapLimits limits)
    {
        var pins = new GpioController(board.Pins);
        var panel = PinBoard.OnTap1(pins, board.I2c.CreateDevice(Tmp102.DefaultAddress));
        var flash = new W25Q128(board.Flash);
        var chip = new W5500(board.Ethernet, pins.OpenPin(PinBoard.EthernetReset, PinMode.Output));
        bool hasFlash = flash.TryInitialize();
        var identity = hasFlash ? IdentityStore.Load(flash) : null;
        var tap = identity is null ? null : new Tap1(identity, chip, flash, clock, random, link(identity), panel, limits);
        return new TapProgram(tap, panel, flash, hasFlash);
    }
}
