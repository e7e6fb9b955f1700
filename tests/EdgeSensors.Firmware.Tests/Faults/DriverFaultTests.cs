using System.Device.Gpio;
using System.Device.Spi;
using System.Runtime.Loader;
using EdgeSensors.Firmware.Tests.Conformance;
using EdgeSensors.Firmware.Tests.Devices;
using EdgeSensors.Firmware.Tests.Replay;
using Microsoft.CodeAnalysis.CSharp;

namespace EdgeSensors.Firmware.Tests.Faults;

/// <summary>
/// The emulated chips find a faulty driver out: each fault is put into the driver's source, the firmware compiled with it, and the same scenario
/// run. The right driver passes it.
/// </summary>
public class DriverFaultTests
{
    // 700 frames, each with its own headers: their sum tells whether the right octets came.
    private const string Right = "linked; 700 frames; headers as sent; payload stayed; recovered";

    // Erased, programmed twice, refused over a page's end, all as given, refused where it was not erased, and all where it belongs.
    private const string RightFlash = "eppr===r, in its place";

    private const string EthernetHarness = """
        using System;
        using System.Device.Gpio;
        using System.Device.Spi;
        using EdgeSensors.Firmware.Devices;

        namespace EdgeSensors.Firmware.Faulty;

        public sealed class Harness : IDisposable
        {
            private readonly W5500 _chip;
            private readonly byte[] _buffer = new byte[256];

            public Harness(SpiDevice bus, GpioPin? reset) => _chip = new W5500(bus, reset);

            public long Frames;
            public long Sum;
            public bool IsOpen;

            public bool Initialize() => _chip.TryInitialize();

            public void Step()
            {
                if (!IsOpen)
                {
                    IsOpen = _chip.TryOpen() || (_chip.TryInitialize() && _chip.TryOpen());
                    return;
                }

                if (!_chip.TryReadReceivedSize(out int level))
                {
                    IsOpen = false;
                    return;
                }

                while (level > 0)
                {
                    _chip.Read(0, 2, _buffer, 0);
                    int octets = (_buffer[0] << 8) | _buffer[1];
                    if (octets < 62 || octets > level)
                    {
                        IsOpen = !_chip.TryClose();
                        return;
                    }

                    _chip.Read(2, 54, _buffer, 0);
                    for (int i = 0; i < 54; i++)
                    {
                        Sum = Sum * 31 + _buffer[i];
                    }

                    _chip.Skip(octets);
                    level -= octets;
                    Frames++;
                }

                _chip.TryRelease();
            }

            public void Dispose() => _chip.Dispose();
        }
        """;

    private const string FlashHarness = """
        using System;
        using System.Device.Spi;
        using EdgeSensors.Firmware.Devices;

        namespace EdgeSensors.Firmware.Faulty;

        public static class Harness
        {
            public static string UseFlash(SpiDevice bus, byte[] data, Action pass)
            {
                W25Q128 flash = new W25Q128(bus);
                if (!flash.TryInitialize())
                {
                    return "not initialised";
                }

                byte[] read = new byte[256];
                string result = flash.TryBeginErase(0x123456) ? "e" : "-";
                for (int looks = 0; flash.IsBusy && looks < 1_000; looks++)
                {
                    pass();
                }

                result += flash.TryProgram(0x123400, data, 0, 256) ? "p" : "-";
                result += flash.TryProgram(0x1235f0, data, 5, 16) ? "p" : "-";
                result += flash.TryProgram(0x1236f8, data, 0, 9) ? "!" : "r";
                flash.Read(0x123400, read, 0, 256);
                result += read.AsSpan().SequenceEqual(data) ? "=" : "-";
                flash.Read(0x1235f0, read, 0, 16);
                result += read.AsSpan(0, 16).SequenceEqual(data.AsSpan(5, 16)) ? "=" : "-";
                flash.Read(0x1236f8, read, 0, 8);
                result += read[0] == 0xff && read[7] == 0xff ? "=" : "-";
                return result + (flash.TryProgram(0x1235f0, data, 0, 16) ? "!" : "r");
            }
        }
        """;

    private static readonly Lazy<CSharpCompilation> Ethernet = new(() => DeviceBuild.Driver("W5500", EthernetHarness));
    private static readonly Lazy<CSharpCompilation> Flash = new(() => DeviceBuild.Driver("W25Q128", FlashHarness));

    [Fact]
    public void The_right_drivers_pass()
    {
        byte[] ethernet = DeviceBuild.CompileWithFault(Ethernet.Value, "W5500.cs", "private const int Patience = 100;", "private const int Patience = 101;");
        Assert.Equal(Right, Receive(ethernet, reset: false));
        Assert.Equal(Right + "; freed", Receive(ethernet, reset: true));
        Assert.Equal(RightFlash, UseFlash(DeviceBuild.CompileWithFault(Flash.Value, "W25Q128.cs", "private const int PageWaits = 512;", "private const int PageWaits = 500;")));
    }

    [Theory]
    [InlineData("the pointer moves one octet too far", "ReadPointer = (ReadPointer + octets) & 0xffff;", "ReadPointer = (ReadPointer + octets + 1) & 0xffff;")]
    [InlineData("the pointer does not wrap", "ReadPointer = (ReadPointer + octets) & 0xffff;", "ReadPointer = ReadPointer + octets;")]
    [InlineData("the pointer's octets are swapped", "_out[HeaderOctets] = (byte)(ReadPointer >> 8);", "_out[HeaderOctets] = (byte)ReadPointer;")]
    [InlineData("reads begin one octet late", "Transfer((ReadPointer + from) & 0xffff, 0x18, count);", "Transfer((ReadPointer + from + 1) & 0xffff, 0x18, count);")]
    [InlineData("reads come from the transmit buffer's block", "Transfer((ReadPointer + from) & 0xffff, 0x18, count);", "Transfer((ReadPointer + from) & 0xffff, 0x10, count);")]
    [InlineData("reads come from another socket's block", "Transfer((ReadPointer + from) & 0xffff, 0x18, count);", "Transfer((ReadPointer + from) & 0xffff, 0x38, count);")]
    [InlineData("the socket's registers are sought in a buffer's block", "return ((socket << 2) | 1) << 3;", "return ((socket << 2) | 2) << 3;")]
    [InlineData("the reset by register is missed", "WriteCommon(W5500Register.Mode, Reset);", "")]
    [InlineData("the reset line is not used", "_reset.Write(PinValue.Low);", "")]
    [InlineData("the reset line is low too short", "private const int ResetTransfers = 10;", "private const int ResetTransfers = 2;")]
    [InlineData("nothing is waited for after the reset line", "private const int LockTransfers = 40;", "private const int LockTransfers = 1;")]
    [InlineData("room is never given back", "return TryCommand(W5500SocketCommand.Receive);", "return true;")]
    [InlineData("the socket is never opened", "if (!TryCommand(W5500SocketCommand.Open))", "if (false)")]
    [InlineData("frames to others are filtered out", "private const int MacRaw = 0x04;", "private const int MacRaw = 0x84;")]
    [InlineData("a write is sent as a read", "private const int WriteBit = 0x04;", "private const int WriteBit = 0x00;")]
    [InlineData("it uses a fixed length", "_out[2] = (byte)control;", "_out[2] = (byte)(control | 2);")]
    public void A_fault_in_the_Ethernet_driver_is_found_out(string fault, string right, string wrong)
    {
        byte[] image = DeviceBuild.CompileWithFault(Ethernet.Value, "W5500.cs", right, wrong);
        Assert.False(Receive(image, reset: true) == Right + "; freed" && Receive(image, reset: false) == Right, fault);
    }

    [Theory]
    [InlineData("writes are not enabled", "Command(W25Q128Instruction.WriteEnable);\n        return", "return")]
    [InlineData("nobody waits for the page", "return TryWait(PageWaits) &&", "return")]
    [InlineData("a page's end is not minded", "(address & (FlashGeometry.PageSize - 1)) + count > FlashGeometry.PageSize ||", "")]
    [InlineData("the address is back to front", "_out[1] = (byte)(address >> 16);", "_out[1] = (byte)address;")]
    [InlineData("data begin one octet early", "private const int Header = 4;", "private const int Header = 3;")]
    [InlineData("nothing is read back", "(IsAsGiven(address, data, offset, count) || IsAsGiven(address, data, offset, count))", "true")]
    [InlineData("the wrong instruction erases", "Command(W25Q128Instruction.SectorErase, Header);", "Command(W25Q128Instruction.PageProgram, Header);")]
    [InlineData("a sleeping chip is not woken", "Command(W25Q128Instruction.ReleasePowerDown);", "")]
    [InlineData("a protected chip is left so", "return TryWait(StatusWriteWaits) && ReadStatus() == W25Q128Status.None;", "return true;")]
    public void A_fault_in_the_flash_driver_is_found_out(string fault, string right, string wrong)
    {
        byte[] image = DeviceBuild.CompileWithFault(Flash.Value, "W25Q128.cs", right, wrong);
        Assert.False(UseFlash(image) == RightFlash, fault);
    }

    /// <summary>
    /// A chip that an earlier program left with its PHY off and a filter set; 700 frames of many lengths over many wraps; the chip reset by itself;
    /// and, where the line is wired, a hang.
    /// </summary>
    private static string Receive(byte[] image, bool reset)
    {
        using Bench bench = new(seed: 3);
        bench.Ethernet.Write([0, 0x2e, 0x04, 0x70]);
        bench.Ethernet.Write([0, 0, 0x0c, 0xa4]);
        bench.Chip.Dispose();
        using ReflectedHarness harness = new(image, bench.Ethernet, reset ? bench.Gpio.OpenPin(9, PinMode.Output) : null);
        if (!harness.Initialize())
        {
            return "not initialised";
        }

        bench.LinkUp();
        bool linked = bench.Ethernet.IsLinkUp;
        long payload = 0, sum = 0;
        HashSet<long> allowed = [];
        bench.Ethernet.OnOctetRead = octet => payload += allowed.Contains(octet) ? 0 : 1;
        harness.Step();
        for (int i = 0; i < 700; i++)
        {
            byte[] frame = Frame(i);
            for (int octet = 0; octet < 2 + 54; octet++)
            {
                allowed.Add(bench.Ethernet.NextOctet + octet);
            }

            foreach (byte octet in frame[..54])
            {
                sum = sum * 31 + octet;
            }

            bench.Ethernet.Receive(frame);
            harness.Step();
        }

        string seen = $"{(linked ? "linked" : "no link")}; {harness.Frames} frames; {(harness.Sum == sum ? "headers as sent" : "headers wrong")}; "
            + (payload == 0 ? "payload stayed" : "payload crossed");
        bench.Ethernet.OnOctetRead = null;
        bench.Ethernet.Upset();
        seen += Recovers(bench, harness) ? "; recovered" : "; lost after its reset";
        if (reset)
        {
            bench.Ethernet.Hang(0);
            seen += Recovers(bench, harness) ? "; freed" : "; hangs";
        }

        return seen;
    }

    private static bool Recovers(Bench bench, ReflectedHarness harness)
    {
        for (int i = 0; i < 6; i++)
        {
            harness.Step();
        }

        long before = harness.Frames;
        for (int i = 0; i < 10; i++)
        {
            bench.Ethernet.Receive(Frame(0));
            harness.Step();
        }

        return harness.Frames == before + 10;
    }

    private static byte[] Frame(int i)
    {
        byte[] frame = [.. FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000 + i, 443), .. Enumerable.Repeat((byte)0xee, i % 90 + 6)];
        frame[0] = 0x02; // to somebody else, as all that a mirror port brings
        return frame;
    }

    private static string UseFlash(byte[] image)
    {
        using Bench bench = new(seed: 3);
        bench.Flash.Array.Load(0x123000, new byte[4096]);
        bench.Flash.Write([0x06]);
        bench.Flash.Write([0x01, 0x1c, 0]); // all protected
        bench.Time.Advance(20_000_000);
        bench.Flash.Write([0xb9]); // and asleep
        bench.Time.Advance(10_000);
        byte[] data = [.. Enumerable.Range(0, 256).Select(i => (byte)(i * 7 + 3))];
        Type harness = Load(image);
        string seen = (string)harness.GetMethod("UseFlash")!.Invoke(null, [bench.Flash, data, (Action)(() => bench.Time.Advance(1_000_000))])!;
        return seen + (bench.Flash.Array.Copy(0x123400, 256).AsSpan().SequenceEqual(data) ? ", in its place" : ", elsewhere");
    }

    private static Type Load(byte[] image) =>
        new AssemblyLoadContext("faulty", isCollectible: true).LoadFromStream(new MemoryStream(image)).GetType("EdgeSensors.Firmware.Faulty.Harness")!;

    private sealed class ReflectedHarness : IDisposable
    {
        private readonly object _harness;
        private readonly Func<bool> _initialize;
        private readonly Action _step;

        public ReflectedHarness(byte[] image, SpiDevice bus, GpioPin? reset)
        {
            Type type = Load(image);
            _harness = Activator.CreateInstance(type, bus, reset)!;
            _initialize = type.GetMethod("Initialize")!.CreateDelegate<Func<bool>>(_harness);
            _step = type.GetMethod("Step")!.CreateDelegate<Action>(_harness);
        }

        public long Frames => (long)_harness.GetType().GetField("Frames")!.GetValue(_harness)!;

        public long Sum => (long)_harness.GetType().GetField("Sum")!.GetValue(_harness)!;

        public bool Initialize() => _initialize();

        public void Step() => _step();

        public void Dispose() => ((IDisposable)_harness).Dispose();
    }
}
