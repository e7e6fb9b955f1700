using System.Device.Gpio;
using System.Device.Spi;
using EdgeSensors.Hardware.Buses;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.Hardware.Chips;

/// <summary>
/// WIZnet W5500: an Ethernet controller on SPI. Pages cited are those of its datasheet's version 1.0.9; where only a section is given the page was
/// not at hand. Emulated: the SPI frame in both length modes, all registers' addresses and reset values, the buffers' division, socket 0's MACRAW
/// mode both ways, interrupts, the PHY's link, both resets. Not emulated: its TCP/IP. Where the datasheet leaves something open (what a pointer is
/// after OPEN, what the output line does before data, how long a command takes) it is drawn from the seed, so that nobody relies on it.
/// </summary>
public sealed partial class W5500Chip : SpiChip
{
    /// <summary>Octets of all receive buffers together (section 3.3).</summary>
    public const int ReceiveMemory = 16 * 1024;

    private const int Sockets = 8;
    private const int GuaranteedClock = 33_333_333; // section 5.5.4
    private readonly Random _random;
    private Phase _phase;
    private int _address;
    private int _block;
    private bool _write;
    private int _left; // octets until a fixed-length frame ends; -1 while the select line says

    /// <summary>A chip after power-up.</summary>
    /// <param name="settings">The bus as the program has set it up.</param>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What the chip is fed from.</param>
    /// <param name="seed">For what the datasheet leaves open.</param>
    public W5500Chip(SpiConnectionSettings settings, TimeProvider time, Supply supply, int seed)
        : base(settings, time, supply, seed)
    {
        _random = new Random(seed);
        ResetPin = new ResetLine(this);
        InterruptPin = new InterruptLine(this);
        supply.Restored += PowerUp;
        supply.Lost += _ => Unhang();
        PowerUp();
    }

    private enum Phase
    {
        AddressHigh,
        AddressLow,
        Control,
        Data,
    }

    /// <summary>RSTn, with the board's pull-up.</summary>
    public IPinPart ResetPin { get; }

    /// <summary>INTn: low while an interrupt is pending that is not masked.</summary>
    public IPinPart InterruptPin { get; }

    /// <summary>What comes in at the port; null for an open jack.</summary>
    public ILine? Line { get; set; }

    /// <summary>Called with the running number of each octet of socket 0's receive buffer that crosses the bus, since the last OPEN.</summary>
    public Action<long>? OnOctetRead { get; set; }

    /// <summary>Called with each frame that the chip sends: a tap sends none.</summary>
    public Action<byte[]>? OnSent { get; set; }

    /// <inheritdoc/>
    protected override int FastestClock => GuaranteedClock;

    /// <inheritdoc/>
    protected override void BeginTransfer() => _phase = Phase.AddressHigh;

    /// <inheritdoc/>
    protected override byte Exchange(byte octet)
    {
        Settle();
        if (IsInReset)
        {
            return 0;
        }

        switch (_phase)
        {
            case Phase.AddressHigh:
                _address = octet << 8;
                _phase = Phase.AddressLow;
                return Noise();
            case Phase.AddressLow:
                _address |= octet;
                _phase = Phase.Control;
                return Noise();
            case Phase.Control:
                TakeControl(octet);
                return Noise();
            default:
                return ExchangeData(octet);
        }
    }

    /// <inheritdoc/>
    protected override void EndTransfer()
    {
        // Page 13: the rising select line ends a frame; what was written has already had its effect, octet by octet.
        Settle();
    }

    /// <summary>Page 15: the block in bits 7 to 3, write in bit 2, and in bits 1 and 0 the mode: variable, or 1, 2 or 4 octets.</summary>
    private void TakeControl(byte octet)
    {
        _block = octet >> 3;
        _write = (octet & 4) != 0;
        _left = (octet & 3) switch { 0 => -1, 1 => 1, 2 => 2, _ => 4 };
        _phase = Phase.Data;
    }

    private byte ExchangeData(byte octet)
    {
        byte answer = 0;
        if (_write)
        {
            WriteOctet(_block, _address, octet);
            answer = Noise();
        }
        else
        {
            answer = ReadOctet(_block, _address);
        }

        _address = (_address + 1) & 0xffff; // page 14: increases by itself
        if (_left > 0 && --_left == 0)
        {
            _phase = Phase.AddressHigh;
        }

        return answer;
    }

    private byte Noise() => (byte)_random.Next(256);

    private sealed class ResetLine(W5500Chip chip) : IPinPart
    {
        public PinValue? Level => PinValue.High;

        public void Driven(PinValue? level) => chip.DriveReset(low: level == PinValue.Low);
    }

    private sealed class InterruptLine(W5500Chip chip) : IPinPart
    {
        public PinValue? Level
        {
            get
            {
                chip.Settle();
                return chip.IsInterrupting ? PinValue.Low : PinValue.High;
            }
        }

        public void Driven(PinValue? level)
        {
            // An output of the chip; the program leaves it alone.
        }
    }
}
