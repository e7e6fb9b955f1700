using System.Device.Spi;
using EdgeSensors.Hardware.Power;
using EdgeSensors.Hardware.Time;

namespace EdgeSensors.Hardware.Buses;

/// <summary>
/// A chip on SPI. Each call of <see cref="SpiDevice"/> is one time of its select line being low; octets take their time by the bus's clock,
/// which moves if it is <see cref="EmulatedTime"/>; on the machine's clock a transfer lasts as long as on the bus, as drivers let chips recover while they talk. A wrong mode or too fast a clock gives what it gives in life: rubbish.
/// </summary>
public abstract class SpiChip : SpiDevice
{
    private const double TooFastErrorRate = 1.0 / 64;
    private readonly BitErrors _tooFast;
    private byte _hungLevel;
    private bool _hung;
    private long _owedPicoseconds;
    private long _began;
    private long _octetsBefore;
    private byte _shiftedIn;
    private byte _shiftedOut;

    /// <summary>A chip.</summary>
    /// <param name="settings">The bus as the program has set it up.</param>
    /// <param name="time">The board's time.</param>
    /// <param name="supply">What the chip is fed from.</param>
    /// <param name="seed">For everything that is left to chance.</param>
    protected SpiChip(SpiConnectionSettings settings, TimeProvider time, Supply supply, int seed)
    {
        ConnectionSettings = settings;
        Time = time;
        Supply = supply;
        ToChip = new BitErrors(seed);
        FromChip = new BitErrors(seed ^ 0x5a5a5a5a);
        _tooFast = new BitErrors(seed ^ 0x33333333) { Rate = TooFastErrorRate };
    }

    /// <inheritdoc/>
    public sealed override SpiConnectionSettings ConnectionSettings { get; }

    /// <summary>Errors of the line to the chip.</summary>
    public BitErrors ToChip { get; }

    /// <summary>Errors of the line from the chip.</summary>
    public BitErrors FromChip { get; }

    /// <summary>How often the select line went low.</summary>
    public long Transfers { get; private set; }

    /// <summary>Octets that crossed the bus, either way counted once.</summary>
    public long Octets { get; private set; }

    /// <summary>Octets that a hung chip did not heed.</summary>
    public long UnheededOctets { get; private set; }

    /// <summary>Called before each transfer: what happens on the board meanwhile.</summary>
    public Action? OnTransfer { get; set; }

    /// <summary>The board's time.</summary>
    protected TimeProvider Time { get; }

    /// <summary>What the chip is fed from.</summary>
    protected Supply Supply { get; }

    /// <summary>The fastest clock for what is being done, hertz.</summary>
    protected abstract int FastestClock { get; }

    /// <summary>The chip hangs: its output stands and it heeds nothing, until its reset line or the supply frees it.</summary>
    /// <param name="level">What it gives: 0xff as if it were not there, 0x00 as if shorted.</param>
    public void Hang(byte level = 0xff)
    {
        _hung = true;
        _hungLevel = level;
    }

    /// <inheritdoc/>
    public sealed override void TransferFullDuplex(ReadOnlySpan<byte> writeBuffer, Span<byte> readBuffer)
    {
        if (writeBuffer.Length != readBuffer.Length)
        {
            throw new ArgumentException("Both buffers must have the same length.", nameof(readBuffer));
        }

        Begin();
        for (int i = 0; i < writeBuffer.Length; i++)
        {
            readBuffer[i] = Pass(writeBuffer[i]);
        }

        End();
    }

    /// <inheritdoc/>
    public sealed override void Write(ReadOnlySpan<byte> buffer)
    {
        Begin();
        foreach (byte octet in buffer)
        {
            Pass(octet);
        }

        End();
    }

    /// <inheritdoc/>
    public sealed override void Read(Span<byte> buffer)
    {
        Begin();
        for (int i = 0; i < buffer.Length; i++)
        {
            buffer[i] = Pass(0);
        }

        End();
    }

    /// <inheritdoc/>
    public sealed override void WriteByte(byte value) => Write([value]);

    /// <inheritdoc/>
    public sealed override byte ReadByte()
    {
        Span<byte> buffer = stackalloc byte[1];
        Read(buffer);
        return buffer[0];
    }

    /// <summary>The select line falls.</summary>
    protected abstract void BeginTransfer();

    /// <summary>One octet each way; the octet that goes out was decided before the one that comes in.</summary>
    protected abstract byte Exchange(byte octet);

    /// <summary>The select line rises.</summary>
    protected abstract void EndTransfer();

    /// <summary>What frees a hung chip.</summary>
    protected void Unhang() => _hung = false;

    private void Begin()
    {
        Supply.Demand();
        OnTransfer?.Invoke();
        Supply.Demand();
        Transfers++;
        _began = Time.GetTimestamp();
        _octetsBefore = Octets;
        if (!_hung)
        {
            BeginTransfer();
        }
    }

    private void End()
    {
        if (Time == TimeProvider.System)
        {
            WaitForBus();
        }

        if (!_hung)
        {
            EndTransfer();
        }
    }

    private void WaitForBus()
    {
        long ends = _began + (long)((Octets - _octetsBefore) * 8.0 / Math.Max(1, ConnectionSettings.ClockFrequency) * Time.TimestampFrequency);
        while (Time.GetTimestamp() < ends)
        {
            Thread.SpinWait(8); // microseconds: too short to sleep
        }
    }

    private byte Pass(byte octet)
    {
        Octets++;
        Elapse();
        if (_hung)
        {
            UnheededOctets++;
            return _hungLevel;
        }

        octet = ToChip.Pass(octet);
        bool wrongEdge = ConnectionSettings.Mode is SpiMode.Mode1 or SpiMode.Mode2;
        if (wrongEdge)
        {
            // Sampled half a clock late: every bit is the one before.
            byte late = (byte)((_shiftedIn << 7) | (octet >> 1));
            _shiftedIn = octet;
            octet = late;
        }

        bool tooFast = ConnectionSettings.ClockFrequency > FastestClock;
        byte answer = Exchange(tooFast ? _tooFast.Pass(octet) : octet);
        if (wrongEdge)
        {
            byte late = (byte)((_shiftedOut << 7) | (answer >> 1));
            _shiftedOut = answer;
            answer = late;
        }

        return FromChip.Pass(tooFast ? _tooFast.Pass(answer) : answer);
    }

    private void Elapse()
    {
        if (Time is EmulatedTime emulated)
        {
            _owedPicoseconds += 8_000_000_000_000 / Math.Max(1, ConnectionSettings.ClockFrequency);
            emulated.Advance(_owedPicoseconds / 1_000);
            _owedPicoseconds %= 1_000;
        }
    }
}
