using System.Globalization;
using System.Text.Json;
using System.Xml.Linq;
using EdgeSensors.FieldTest.Network;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.EndToEnd.Tests;

/// <summary>The main command, as a person runs it.</summary>
public class RingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>How fast the ring goes is for whoever runs it to judge; here other tests share the machine.</summary>
    private static readonly string AnyTime = Patience.TotalSeconds.ToString(CultureInfo.InvariantCulture);

    private static readonly string[] EveryStep = ["first_packet", "first_report", "alert", "decision", "published", "verified", "enforced", "first_drop"];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_ring_goes_once_around_and_the_attacker_is_dropped()
    {
        if (!UserNamespace.MayMakeNetworks(out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        if (!Cast.HasFilter())
        {
            Assert.Skip("the program nft is not installed (package nftables)");
        }

        using var result = await RunAsync();
        var root = result.RootElement;
        Assert.Equal("enforced", root.GetProperty("facts").GetProperty("mode").GetString());
        AssertComplete(root);
        Assert.Equal(0, root.GetProperty("traffic").GetProperty("attack_after").GetProperty("arrived").GetInt64());
        Assert.True(root.GetProperty("traffic").GetProperty("attack_after").GetProperty("injected").GetInt64() > 0);
    }

    [Fact]
    public async Task Without_namespaces_the_same_ring_runs_dry()
    {
        using var result = await RunAsync("--dry");
        Assert.Equal("file", result.RootElement.GetProperty("facts").GetProperty("mode").GetString());
        AssertComplete(result.RootElement);
    }

    private static void AssertComplete(JsonElement root)
    {
        Assert.True(root.GetProperty("passed").GetBoolean());
        Assert.Equal(EveryStep.Order(), root.GetProperty("timeline").EnumerateArray().Where(h => h.TryGetProperty("step", out _)).Select(h => h.GetProperty("step").GetString()).Order());
        Assert.NotEmpty(root.GetProperty("blocked").EnumerateArray());
    }

    private static void AssertReported(string folder, JsonElement root)
    {
        var report = File.ReadAllText(Path.Combine(folder, "report.html"));
        Assert.All((string[])["detections", "mitigations", "heap", "drops"], key => Assert.Contains($"data-key=\"{key}\"", report, StringComparison.Ordinal));
        Assert.All(root.GetProperty("checks").EnumerateArray(), c => Assert.Contains($"<td>{c.GetProperty("expected").GetString()}</td>", report, StringComparison.Ordinal));
        var suite = XDocument.Load(Path.Combine(folder, "junit.xml")).Root!.Element("testsuite")!;
        Assert.Equal(root.GetProperty("checks").GetArrayLength(), suite.Elements("testcase").Count());
        Assert.Equal("0", suite.Attribute("failures")!.Value);
        Assert.True(File.Exists(Path.Combine(folder, "timing.json")));
        Assert.All(root.GetProperty("checks").EnumerateArray(), c => WhereToLook.IsThere(folder, c.GetProperty("look_at").GetString()!));
    }

    private static async Task<JsonDocument> RunAsync(params string[] more)
    {
        var folder = Directory.CreateTempSubdirectory("edgesensors-ring-test-");
        try
        {
            var file = Path.Combine(folder.FullName, "result.json");
            using var run = StartedProgram.Start(
                null, Station.Program(ProgramLocator.FieldTest), ["run", "ring", "--result", file, "--within", AnyTime, .. more], Path.Combine(folder.FullName, "screen.log"));
            Assert.True(await run.WaitForEndAsync(Patience, Stop), "the run does not end");
            Assert.True(run.ExitCode == 0, string.Join('\n', run.Said.Select(l => l.Text)));
            var result = JsonDocument.Parse(await File.ReadAllTextAsync(file, Stop));
            AssertReported(folder.FullName, result.RootElement);
            return result;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
