using System.Globalization;
using System.Reflection;
using EdgeSensors.Firmware.Tests.Conformance;
using EdgeSensors.Firmware.Tests.Replay;

namespace EdgeSensors.Firmware.Tests.Budget;

/// <summary>
/// What the firmware costs an interpreter, counted in instructions and calls, against bounds. Printed as the table of docs/field-test.md.
/// The microseconds are estimates: 225 million instructions a second and 90 ns a call on a server's core, and a chip 80 times slower (40 to 120).
/// </summary>
public class BudgetTests
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
    private const double ServerSecondsPerInstruction = 1 / 225e6;
    private const double ServerSecondsPerCall = 90e-9;
    private const double ChipSlowness = 80;

    [Fact]
    public void A_frame_and_a_lookup_stay_within_their_budget()
    {
        InstructionCounter counter = InstructionCounter.Load();
        object meter = Invoke(counter, "Replay.FrameReplay", "Meter", null, RandomAddresses(50_000), 0L)!;
        Func<byte[], int, int, int, long, int> take = meter.GetType().GetMethod("Take", Any)!.CreateDelegate<Func<byte[], int, int, int, long, int>>(meter);
        byte[] frame = FrameReplayTests.Syn(0x0a000001, 0x01020304, 1000, 443);
        take(frame, 0, 54, 60, 1);
        Cost known = counter.Measure(() => Repeat(1_000, _ => take(frame, 0, 54, 60, 2)));
        Random random = new(5);
        Cost opened = counter.Measure(() => Repeat(1_000, i =>
        {
            random.NextBytes(frame.AsSpan(26, 4));
            take(frame, 0, 54, 60, 3);
        }));
        object listed = meter.GetType().GetField("_list", Any)!.GetValue(meter)!;
        object list = listed.GetType().GetProperty("Addresses", Any)!.GetValue(listed)!;
        Func<uint, bool> contains = list.GetType().GetMethod("Contains", Any)!.CreateDelegate<Func<uint, bool>>(list);
        Cost lookup = counter.Measure(() => Repeat(10_000, _ => contains((uint)random.NextInt64(0, 1L << 32))));
        object header = Activator.CreateInstance(counter.Firmware.GetType("EdgeSensors.Firmware.Report.MessageHeader", throwOnError: true)!, 1UL, 1UL)!;
        Cost window = counter.Measure(() => meter.GetType().GetMethod("CloseWindow", Any)!.Invoke(meter, [header, 60_000L]));

        Print("frame of a flow that is known", known, 1_000);
        Print("frame that opens a flow, both ends looked up", opened, 1_000);
        Print("lookup in 50,000 addresses", lookup, 10_000);
        Print("a window's report, flow table half full", window, 1);
        Assert.True(known.Instructions / 1_000 < 1_000, $"{known.Instructions / 1_000} instructions a frame");
        Assert.True(opened.Instructions / 1_000 < 2_500, $"{opened.Instructions / 1_000} instructions for a new flow");
        Assert.True(lookup.Instructions / 10_000 < 250, $"{lookup.Instructions / 10_000} instructions a lookup");
    }

    [Fact]
    public void A_report_with_the_most_picked_flows_is_made_in_slices_within_their_budget()
    {
        InstructionCounter counter = InstructionCounter.Load();
        object meter = Invoke(counter, "Replay.FrameReplay", "Meter", null, Enumerable.Range(0, 200).Select(i => 0xcb007100u + (uint)i).ToArray(), 0L)!;
        Func<byte[], int, int, int, long, int> take = meter.GetType().GetMethod("Take", Any)!.CreateDelegate<Func<byte[], int, int, int, long, int>>(meter);
        for (uint i = 0; i < 64; i++)
        {
            take(FrameReplayTests.Syn(0x0a000001 + i, 0xcb007100 + i, 1000, 443), 0, 54, 60, 1);
        }

        Func<bool> prepare = meter.GetType().GetMethod("StepPrepare", Any)!.CreateDelegate<Func<bool>>(meter);
        Cost worst = default;
        int steps = 0;
        for (bool done = false; !done; steps++)
        {
            Cost slice = counter.Measure(() => done = prepare());
            worst = slice.Instructions > worst.Instructions ? slice : worst;
            Assert.True(steps < 1_000);
        }

        object header = Activator.CreateInstance(counter.Firmware.GetType("EdgeSensors.Firmware.Report.MessageHeader", throwOnError: true)!, 1UL, 1UL)!;
        object? report = null;
        Cost closed = counter.Measure(() => report = meter.GetType().GetMethod("CloseWindow", Any)!.Invoke(meter, [header, 60_000L]));
        byte[] octets = (byte[])report!.GetType().GetProperty("Buffer")!.GetValue(report)!;
        int length = (int)report.GetType().GetProperty("Length")!.GetValue(report)!;
        Assert.True(EdgeSensors.Protocol.ReportCodec.TryDecode(octets.AsMemory(0, length), out EdgeSensors.Protocol.ReportMessage? message, out _));
        Assert.Equal(64, message!.Flows.Select(f => Convert.ToHexString(f.Source.Pseudonym.Span)).Distinct().Count());
        Print($"pseudonyms of 64 flows in {steps} slices, the longest", worst, 1);
        Print("and then the report with 64 picked flows", closed, 1);
        Assert.True(worst.Instructions < 40_000, $"{worst.Instructions} instructions in a slice");
        Assert.True(closed.Instructions < 400_000, $"{closed.Instructions} instructions");
    }

    [Fact]
    public void A_report_of_more_services_than_it_shows_stays_within_its_budget()
    {
        InstructionCounter counter = InstructionCounter.Load();
        object meter = Invoke(counter, "Replay.FrameReplay", "Meter", null, Array.Empty<uint>(), 0L)!;
        Func<byte[], int, int, int, long, int> take = meter.GetType().GetMethod("Take", Any)!.CreateDelegate<Func<byte[], int, int, int, long, int>>(meter);
        for (int port = 1; port <= 1_000; port++)
        {
            // Of the later ones more, so that each finds a place before those that came.
            Repeat(1 + (port / 100), _ => take(FrameReplayTests.Syn(0x0a000001, 0x01020304, 2_000, port), 0, 54, 60, 1));
        }

        object header = Activator.CreateInstance(counter.Firmware.GetType("EdgeSensors.Firmware.Report.MessageHeader", throwOnError: true)!, 1UL, 1UL)!;
        object? report = null;
        Cost closed = counter.Measure(() => report = meter.GetType().GetMethod("CloseWindow", Any)!.Invoke(meter, [header, 60_000L]));
        byte[] octets = (byte[])report!.GetType().GetProperty("Buffer")!.GetValue(report)!;
        int length = (int)report.GetType().GetProperty("Length")!.GetValue(report)!;
        Assert.True(EdgeSensors.Protocol.ReportCodec.TryDecode(octets.AsMemory(0, length), out EdgeSensors.Protocol.ReportMessage? message, out _));
        Assert.Equal(32, message!.Services.Count);
        Assert.Equal(message.Services.OrderByDescending(s => s.Count.Packets).ThenBy(s => s.Port), message.Services);
        Print("a window's report, all places for services taken", closed, 1);
        Assert.True(closed.Instructions < 400_000, $"{closed.Instructions} instructions");
    }

    [Fact]
    public void A_signature_and_each_of_its_slices_stay_within_their_budget()
    {
        InstructionCounter counter = InstructionCounter.Load();
        object verifier = Activator.CreateInstance(counter.Firmware.GetType("EdgeSensors.Firmware.Trust.Ed25519Verifier", throwOnError: true)!, true)!;
        MethodInfo begin = verifier.GetType().GetMethod("Begin", Any)!;
        Func<bool> step = verifier.GetType().GetMethod("Step", Any)!.CreateDelegate<Func<bool>>(verifier);
        byte[] key = Convert.FromHexString("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
        byte[] signature = Convert.FromHexString(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
        byte[] message = [0xaf, 0x82];
        long worst = 0, steps = 0;
        Cost all = counter.Measure(() =>
        {
            begin.Invoke(verifier, [key, 0, signature, 0, message, 0, message.Length]);
            bool done = false;
            while (!done)
            {
                Cost slice = counter.Measure(() => done = step());
                worst = Math.Max(worst, slice.Instructions);
                steps++;
            }
        });
        Assert.Equal("Accepted", verifier.GetType().GetProperty("Phase", Any)!.GetValue(verifier)!.ToString());
        Print("Ed25519 verification of a short message", all, 1);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(CultureInfo.InvariantCulture, $"in {steps} slices, the longest of {worst} instructions"));
        Assert.True(all.Instructions < 3_200_000, $"{all.Instructions} instructions");
        Assert.True(worst < 40_000, $"{worst} instructions in a slice");

        foreach (string digest in (string[])["Sha256", "Sha512"])
        {
            object hash = Activator.CreateInstance(counter.Firmware.GetType("EdgeSensors.Firmware.Trust." + digest, throwOnError: true)!, true)!;
            MethodInfo update = hash.GetType().GetMethod("Update", Any)!;
            byte[] data = new byte[1_024];
            Cost kibibyte = counter.Measure(() => update.Invoke(hash, [data, 0, data.Length]));
            Print(digest + " of 1 KiB", kibibyte, 1);
            Assert.True(kibibyte.Instructions < 250_000, $"{kibibyte.Instructions} instructions");
        }
    }

    [Fact]
    public void The_compiled_firmware_is_small()
    {
        int octets = 0;
        foreach ((string name, byte[] image) in new[] { (DeviceBuild.TrustName, DeviceBuild.CompileTrust().Image!), (DeviceBuild.Program, DeviceBuild.Compile().Image!) })
        {
            TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{name}: {image.Length} octets before nanoFramework's own packing, {Subset.ByteCode(image)} of converted byte code"));
            octets += image.Length;
        }

        Assert.True(octets < 256 * 1024);
    }

    private static void Print(string what, Cost cost, int times)
    {
        double micros = 1e6 * ChipSlowness * ((cost.Instructions * ServerSecondsPerInstruction) + (cost.Calls * ServerSecondsPerCall)) / times;
        TestContext.Current.TestOutputHelper?.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{what}: {cost.Instructions / times} IL instructions, {cost.Calls / times} calls, about {micros:F0} us on the chip (estimate, {micros / 2:F0} to {micros * 1.5:F0})"));
    }

    private static uint[] RandomAddresses(int count)
    {
        Random random = new(6);
        HashSet<uint> addresses = [];
        while (addresses.Count < count)
        {
            addresses.Add((uint)random.NextInt64(0, 1L << 32));
        }

        return [.. addresses.Order()];
    }

    private static object? Invoke(InstructionCounter counter, string type, string method, object? on, params object[] arguments) =>
        counter.Firmware.GetType("EdgeSensors.Firmware." + type, throwOnError: true)!.GetMethod(method, Any)!.Invoke(on, arguments);

    private static void Repeat(int times, Action<int> work)
    {
        for (int i = 0; i < times; i++)
        {
            work(i);
        }
    }
}
