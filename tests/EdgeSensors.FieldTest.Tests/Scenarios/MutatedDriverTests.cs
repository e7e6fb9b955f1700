using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.Loader;
using EdgeSensors.FieldTest.Programs;
using EdgeSensors.FieldTest.Scenarios;
using EdgeSensors.FieldTest.Taps;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace EdgeSensors.FieldTest.Tests.Scenarios;

/// <summary>A fault is put into the source of a driver, or of what time and updates rest on, the firmware compiled with it, and a scenario played with that firmware: the scenario fails.</summary>
public class MutatedDriverTests
{
    private static readonly ConcurrentDictionary<string, string> s_unmutated = []; // the first expectation that failed; empty for none

    [Theory]
    [InlineData("the pointer moves one octet too far", "W5500", "ReadPointer = (ReadPointer + octets) & 0xffff;", "ReadPointer = (ReadPointer + octets + 1) & 0xffff;", "scan")]
    [InlineData("the pointer's octets are swapped", "W5500", "_out[HeaderOctets] = (byte)(ReadPointer >> 8);", "_out[HeaderOctets] = (byte)ReadPointer;", "scan")]
    [InlineData("reads come from the transmit buffer's block", "W5500", "Transfer((ReadPointer + from) & 0xffff, 0x18, count);", "Transfer((ReadPointer + from) & 0xffff, 0x10, count);", "scan")]
    [InlineData("room is never given back", "W5500", "return TryCommand(W5500SocketCommand.Receive);", "return true;", "scan")]
    [InlineData("the reset line is not used", "W5500", "if (_reset != null)", "if (false)", "rough-board")]
    [InlineData("nobody waits for the page", "W25Q128", "return TryWait(PageWaits) && (IsAsGiven", "return (IsAsGiven", "hub-away")]
    [InlineData("a clock below the floor is believed", "TrustedTime", "IsRefused = wall < FloorMs || wall > Believable;", "IsRefused = wall > Believable;", "wrong-clock")]
    [InlineData("a clock that was believed stays so when the floor rises above it", "TrustedTime", "_isSet = false;", "_isSet = true;", "wrong-clock")]
    [InlineData("the clock is not followed once it was right", "TrustedTime", "bool leapt = !_isSet || leap > StepMs || leap < -StepMs;", "bool leapt = !_isSet;", "wrong-clock")]
    [InlineData("an older timestamp is taken", "TrustedMetadata", "if (read.Version <= TimestampVersion || read.Snapshot.Version < NamedSnapshot.Version)", "if (read.Version < 0)", "tampered-update")]
    [InlineData("a proof that could not be written is taken for kept", "MetadataUpdate", "_proofKept = false; // or the next try would take the proof that could not be written for kept", "", "worn-slot")]
    public void A_scenario_catches_it(string fault, string driver, string right, string wrong, string scenario)
    {
        Assert.Equal("", s_unmutated.GetOrAdd(scenario, s => Play(null, s, out _) ?? ""));
        var firmware = Compile(driver, right, wrong);
        var failed = Play(firmware, scenario, out var checks);
        TestContext.Current.TestOutputHelper?.WriteLine($"{fault}: {failed}");
        Assert.True(failed is not null, $"{fault}: {scenario} did not notice; {checks}");
    }

    /// <summary>Plays a scenario with another firmware under the same program; the first expectation that failed, or null.</summary>
    private static string? Play(byte[]? firmware, string scenario, out string all)
    {
        var context = new MutatedContext(firmware);
        try
        {
            var program = context.LoadFromAssemblyName(typeof(TapRun).Assembly.GetName());
            var read = program.GetType(typeof(ScenarioLibrary).FullName!)!.GetMethod(nameof(ScenarioLibrary.Load))!.Invoke(null, [scenario]);
            var options = Activator.CreateInstance(program.GetType(typeof(RunOptions).FullName!)!);
            var result = program.GetType(typeof(TapRun).FullName!)!.GetMethod(nameof(TapRun.Play))!.Invoke(null, [read, options, null, null, TestContext.Current.CancellationToken])!;
            var checks = ((IEnumerable)result.GetType().GetProperty("Checks")!.GetValue(result)!).Cast<object>().ToList();
            all = string.Join("; ", checks);
            return checks.Find(c => !(bool)c.GetType().GetProperty("Held")!.GetValue(c)!)?.ToString();
        }
        finally
        {
            context.Unload();
        }
    }

    private static byte[] Compile(string driver, string right, string wrong)
    {
        var folder = Path.Combine(ProgramLocator.SolutionFolder()!, "firmware");
        var files = Directory.EnumerateFiles(Path.Combine(folder, "EdgeSensors.Firmware"), "*.cs", SearchOption.AllDirectories)
            .Concat(Directory.EnumerateFiles(Path.Combine(folder, "Devices"), "*.cs", SearchOption.AllDirectories))
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal) && !f.Contains("/Platform/Device/", StringComparison.Ordinal));
        var options = new CSharpParseOptions(LanguageVersion.CSharp12);
        var mutated = 0;
        var trees = files.Select(f =>
        {
            var text = File.ReadAllText(f);
            if (Path.GetFileName(f) == driver + ".cs")
            {
                Assert.Contains(right, text, StringComparison.Ordinal);
                text = text.Replace(right, wrong, StringComparison.Ordinal);
                mutated++;
            }

            return CSharpSyntaxTree.ParseText(text, options);
        }).Append(CSharpSyntaxTree.ParseText("""[assembly: System.Runtime.CompilerServices.InternalsVisibleTo("edgesensors-fieldtest")]""", options)).ToList();
        Assert.Equal(1, mutated);
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p) != "EdgeSensors.Firmware.dll").Select(p => MetadataReference.CreateFromFile(p));
        var compilation = CSharpCompilation.Create(
            "EdgeSensors.Firmware", trees, references,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, optimizationLevel: OptimizationLevel.Release, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var emitted = compilation.Emit(image);
        Assert.True(emitted.Success, string.Join("; ", emitted.Diagnostics.Where(d => d.Severity == DiagnosticSeverity.Error).Take(5)));
        return image.ToArray();
    }

    /// <summary>The field test's program once more, on another firmware; all else is shared.</summary>
    private sealed class MutatedContext(byte[]? firmware) : AssemblyLoadContext("mutated", isCollectible: true)
    {
        protected override Assembly? Load(AssemblyName assemblyName) => assemblyName.Name switch
        {
            "EdgeSensors.Firmware" when firmware is not null => LoadFromStream(new MemoryStream(firmware)),
            "edgesensors-fieldtest" => LoadFromAssemblyPath(typeof(TapRun).Assembly.Location),
            _ => null,
        };
    }
}
