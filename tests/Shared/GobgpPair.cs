using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using EdgeSensors.FieldTest.Programs;

namespace EdgeSensors.Tests;

/// <summary>A route as the router has it.</summary>
/// <param name="Match">In gobgp's words: <c>[source: 203.0.113.7/32]</c>, or a prefix alone.</param>
/// <param name="Rate">Its traffic rate in octets/s; null without.</param>
/// <param name="Communities">Its communities.</param>
/// <param name="Since">When the router got it, Unix seconds.</param>
internal sealed record RouterRoute(string Match, double? Rate, IReadOnlyList<uint> Communities, long Since);

/// <summary>Two <c>gobgpd</c> in a BGP session on loopback addresses: the speaker beside the agent, and the carrier's router that hears it.</summary>
internal sealed class GobgpPair : IDisposable
{
    // The command line's names; the configuration's have -unicast behind the first two.
    private static readonly string[] s_families = ["ipv4", "ipv6", "ipv4-flowspec", "ipv6-flowspec"];

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("es-bgp-");
    private readonly string _gobgp;
    private readonly List<Process> _daemons = [];

    private GobgpPair(string gobgp) => _gobgp = gobgp;

    /// <summary>Where the speaker takes orders.</summary>
    public string Api => $"unix://{_folder.FullName}/speaker.sock";

    public string Folder => _folder.FullName;

    /// <summary>Starts both and waits for their session; skips the test where they are not installed.</summary>
    public static async Task<GobgpPair> StartOrSkipAsync(CancellationToken cancellationToken)
    {
        var gobgpd = OtherProgram.FindOrSkip("gobgpd", "gobgpd");
        var pair = new GobgpPair(OtherProgram.FindOrSkip("gobgp", "gobgpd"));
        try
        {
            var port = FreePort.Tcp();
            pair.Start(gobgpd, "router", "127.0.0.2", "127.0.0.1", $"port = {port}\n  local-address-list = [\"127.0.0.2\"]", "passive-mode = true");
            pair.Start(gobgpd, "speaker", "127.0.0.1", "127.0.0.2", "port = -1", $"remote-port = {port}");
            Assert.True(await Eventually(() => pair.IsSessionUp, cancellationToken), "the BGP session does not come up");
            return pair;
        }
        catch
        {
            pair.Dispose();
            throw;
        }
    }

    /// <summary>Whether the two still talk.</summary>
    public bool IsSessionUp => Ask("router", "neighbor").Contains("Establ", StringComparison.Ordinal);

    /// <summary>The router's table: what it has heard.</summary>
    public IReadOnlyList<RouterRoute> AtRouter() => [.. s_families.SelectMany(family => Table("router", family))];

    /// <summary>Whether the router comes to have these and no other.</summary>
    public Task<bool> RouterComesToHave(CancellationToken cancellationToken, params IEnumerable<string> matches) =>
        Eventually(() => AtRouter().Select(route => route.Match).Order(StringComparer.Ordinal).SequenceEqual(matches.Order(StringComparer.Ordinal)), cancellationToken);

    /// <summary>Gives the speaker an order by the command line, as another program of the carrier's would.</summary>
    public string Order(params string[] words) => Ask("speaker", ["global", "rib", .. words]);

    /// <summary>Takes all routes away, whoever announced them.</summary>
    public async Task ClearAsync(CancellationToken cancellationToken)
    {
        foreach (var family in s_families)
        {
            Order("del", "all", "-a", family);
        }

        Assert.True(await RouterComesToHave(cancellationToken));
    }

    public void Dispose()
    {
        foreach (var daemon in _daemons)
        {
            daemon.Kill();
            daemon.WaitForExit();
            daemon.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private static async Task<bool> Eventually(Func<bool> done, CancellationToken cancellationToken)
    {
        for (var tries = 0; tries < 300; tries++)
        {
            if (done())
            {
                return true;
            }

            await Task.Delay(100, cancellationToken);
        }

        return false;
    }

    private void Start(string gobgpd, string name, string own, string other, string listening, string transport)
    {
        var families = string.Concat(s_families.Select(family => $"  [[neighbors.afi-safis]]\n    [neighbors.afi-safis.config]\n      afi-safi-name = \"{(family.Contains('-', StringComparison.Ordinal) ? family : family + "-unicast")}\"\n"));
        var file = Path.Combine(_folder.FullName, name + ".conf");
        File.WriteAllText(file, string.Create(CultureInfo.InvariantCulture, $"""
            [global.config]
              as = 64512
              router-id = "{own}"
              {listening}
            [[neighbors]]
              [neighbors.config]
                neighbor-address = "{other}"
                peer-as = 64512
              [neighbors.transport.config]
                local-address = "{own}"
                {transport}

            """) + families);
        _daemons.Add(Process.Start(new ProcessStartInfo(gobgpd, ["-f", file, "--pprof-disable", "--disable-stdlog", "--api-hosts", $"unix://{_folder.FullName}/{name}.sock"]))!);
    }

    private IEnumerable<RouterRoute> Table(string daemon, string family)
    {
        var text = Ask(daemon, "global", "rib", "-a", family, "-j");
        if (!text.StartsWith('{'))
        {
            yield break;
        }

        using var table = JsonDocument.Parse(text);
        // Of an empty table it says why in words, at a place where a list would be.
        foreach (var destination in table.RootElement.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.Array))
        {
            var path = destination.Value[0];
            var attributes = path.GetProperty("attrs").EnumerateArray().ToDictionary(attribute => attribute.GetProperty("type").GetInt32());
            yield return new RouterRoute(
                destination.Name,
                attributes.TryGetValue(16, out var extended) ? extended.GetProperty("value")[0].GetProperty("rate").GetDouble() : null,
                attributes.TryGetValue(8, out var communities) ? [.. communities.GetProperty("communities").EnumerateArray().Select(c => c.GetUInt32())] : [],
                path.GetProperty("age").GetInt64());
        }
    }

    private string Ask(string daemon, params string[] words) => OtherProgram.Run(_gobgp, ["--target", $"unix://{_folder.FullName}/{daemon}.sock", .. words]);
}
