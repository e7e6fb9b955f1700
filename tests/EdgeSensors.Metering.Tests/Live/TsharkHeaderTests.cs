using System.Globalization;
using System.Text.RegularExpressions;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Tests;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>
/// Wall 1 against what tshark says where each header lies and how long it is. By default some frames of every capture, by EDGESENSORS_TSHARK=all every frame.
/// Each difference has a class with a reason; one without fails the test.
/// </summary>
public sealed partial class TsharkHeaderTests(ITestOutputHelper output)
{
    private const int FramesOfEach = 12;

    private const int EthernetInIPv6 = 143;

    /// <summary>Layers that tshark looks into where the meter does not.</summary>
    private static readonly Dictionary<string, string> s_notEntered = new()
    {
        ["pim"] = "a register message's packet is not entered",
        ["gtp"] = "not entered, for its length is not the datagram's",
    };

    [Fact]
    public void The_kernel_cuts_frames_where_tshark_says_that_their_headers_end()
    {
        var tshark = OtherProgram.FindOrSkip("tshark", "tshark");
        var captures = SharedData.Captures();
        if (captures.Count == 0)
        {
            Assert.Skip("../shared/data/captures is not there");
        }

        using var program = KernelFilter.LoadOrSkip(InnermostHeaderFilter.Build(LinkKind.Ethernet));
        using var kernel = new KernelFilter(program);
        var every = Environment.GetEnvironmentVariable("EDGESENSORS_TSHARK") == "all";
        var merged = Path.GetTempFileName();
        try
        {
            var frames = Merge(captures, every ? int.MaxValue : FramesOfEach, merged);
            string[] plain = ["ip.defragment", "ipv6.defragment", "tcp.desegment_tcp_streams"];
            using var process = OtherProgram.Start(
                tshark, ["-n", "-r", merged, "-T", "pdml", "-j", "icmp icmpv6 ipv6", .. plain.SelectMany(preference => (string[])["-o", preference + ":FALSE"])]);
            process.ErrorDataReceived += (_, _) => { };
            process.BeginErrorReadLine();
            Compare(process.StandardOutput, frames, kernel);
            process.WaitForExit();
        }
        finally
        {
            File.Delete(merged);
        }
    }

    private void Compare(StreamReader pdml, List<(string Path, int Number, byte[] Octets)> frames, KernelFilter kernel)
    {
        var (compared, agreed) = (0, 0);
        var classes = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        foreach (var layers in Packets(pdml))
        {
            var (path, number, octets) = frames[compared++];
            var (theirs, ours) = (Math.Min(octets.Length, HeaderEnd(layers)), kernel.Cut(octets).Length);
            if (theirs == ours)
            {
                agreed++;
                continue;
            }

            var reason = Explain(layers, octets, theirs, ours);
            if (!classes.TryGetValue(reason, out var members))
            {
                classes[reason] = members = [];
            }

            members.Add($"frame {number} of {Path.GetFileName(path)}: {ours}, tshark {theirs}: {string.Join(' ', layers.Select(layer => $"{layer.Name}@{layer.Position}+{layer.Size}"))}");
        }

        output.WriteLine($"{compared} frames, {agreed} agree");
        foreach (var (reason, members) in classes)
        {
            output.WriteLine($"{members.Count} {reason}");
            members.Take(reason == Unexplained ? 40 : 2).ToList().ForEach(member => output.WriteLine("    " + member));
        }

        Assert.Equal(frames.Count, compared);
        Assert.DoesNotContain(Unexplained, classes.Keys);
        Assert.True(agreed > compared * 97L / 100, "tshark agrees with too few frames for the comparison to say anything");
    }

    private const string Unexplained = "UNEXPLAINED";

    private static string Explain(List<Layer> layers, byte[] octets, int theirs, int ours)
    {
        var status = FrameDecoder.Decode(LinkType.Ethernet, octets, octets.Length, 0, out var header);
        if (header.IpVersion == 0)
        {
            return "not metered: of it the outermost link header is kept";
        }

        if (status != DecodeStatus.Ok)
        {
            return $"{status}: a header that contradicts itself or is cut";
        }

        if (layers.Count(IsExtension) > FrameDecoder.MaxExtensionHeaders)
        {
            return "more IPv6 extension headers than are followed";
        }

        if (ours > theirs && header.Tunnel != TunnelKind.None)
        {
            return $"{header.Tunnel}: entered, but by tshark not (another port, or no look for a control word)";
        }

        return layers.Find(layer => s_notEntered.ContainsKey(layer.Name)) is { } found && ours < theirs ? $"{found.Name}: {s_notEntered[found.Name]}"
            : (int)header.Protocol == EthernetInIPv6 ? "Ethernet behind a segment routing header: not entered"
            : Unexplained;
    }

    /// <summary>Where tshark's innermost header ends: the transport's behind the last IP header, or that IP header's own.</summary>
    private static int HeaderEnd(List<Layer> layers)
    {
        var ip = layers.FindLastIndex(layer => !layer.IsNested && layer.Name is "ip" or "ipv6");
        if (ip < 0)
        {
            // Not IP: the link header with its tags.
            return layers.Where(layer => layer.Name is "eth" or "vlan").Select(layer => layer.Position + layer.Size).DefaultIfEmpty(0).First();
        }

        var (end, next) = (EndOf(layers, ip), layers.FindIndex(ip + 1, layer => !layer.IsNested));
        return next >= 0 ? layers[next].Name switch
        {
            "tcp" => layers[next].Position + layers[next].Size,
            "udp" => layers[next].Position + 8,
            "sctp" => layers[next].Position + 12,
            "icmp" or "icmpv6" => Quoted(layers, next + 1) ?? layers[next].Position + 8,
            _ => end,
        } : end;
    }

    /// <summary>Where the packet that an ICMP error quotes has its end of headers.</summary>
    private static int? Quoted(List<Layer> layers, int at)
    {
        if (at >= layers.Count || layers[at] is not { IsNested: true, Name: "ip" or "ipv6" })
        {
            return null;
        }

        var next = layers.FindIndex(at + 1, layer => !IsExtension(layer));
        var isTransport = next >= 0 && layers[next] is { IsNested: true, Name: "tcp" or "udp" or "sctp" or "icmp" or "icmpv6" };
        return EndOf(layers, at) + (isTransport ? 8 : 0);
    }

    /// <summary>Where an IP header ends with its extension headers, which tshark counts to it unless the packet ends with them.</summary>
    private static int EndOf(List<Layer> layers, int ip) =>
        layers.Skip(ip + 1).TakeWhile(IsExtension).Append(layers[ip]).Max(layer => layer.Position + layer.Size);

    private static bool IsExtension(Layer layer) => layer.Name.StartsWith("ipv6.", StringComparison.Ordinal) || (layer.IsNested && layer.Name == "ah");

    private static List<(string Path, int Number, byte[] Octets)> Merge(List<string> captures, int framesOfEach, string merged)
    {
        var frames = new List<(string, int, byte[])>();
        using var file = new BinaryWriter(File.Create(merged));
        foreach (var word in (ReadOnlySpan<uint>)[0xA1B2C3D4, 2 | (4 << 16), 0, 0, 1 << 18, 1])
        {
            file.Write(word);
        }

        foreach (var path in captures)
        {
            if (!CaptureFile.TryOpen(path, out var capture, out _))
            {
                continue;
            }

            using (capture)
            {
                var packet = default(CapturedPacket);
                var taken = 0;
                for (var number = 1; taken < framesOfEach && capture.Read(ref packet) == PacketRead.Packet; number++)
                {
                    // A frame that was cut when it was captured is, on this wire, a short frame.
                    if (packet.LinkType != LinkType.Ethernet || packet.Data.Length is 0 or > 1 << 17)
                    {
                        continue;
                    }

                    taken++;
                    frames.Add((path, number, packet.Data.ToArray()));
                    file.Write(frames.Count);
                    file.Write(0);
                    file.Write(packet.Data.Length);
                    file.Write(packet.Data.Length);
                    file.Write(packet.Data);
                }
            }
        }

        return frames;
    }

    private static IEnumerable<List<Layer>> Packets(StreamReader pdml)
    {
        var layers = new List<Layer>();
        while (pdml.ReadLine() is { } line)
        {
            if (line == "</packet>")
            {
                yield return layers;
                layers = [];
            }
            else if (line.Contains("<proto ", StringComparison.Ordinal) && Name().Match(line) is { Success: true } name && name.Groups[1].Value is not ("geninfo" or "frame" or "fake-field-wrapper"))
            {
                layers.Add(new Layer(name.Groups[1].Value, Number(Position().Match(line)), Number(Size().Match(line)), line.StartsWith("    ", StringComparison.Ordinal)));
            }
        }
    }

    private static int Number(Match match) => match.Success ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;

    [GeneratedRegex("<proto name=\"([^\"]*)\"")]
    private static partial Regex Name();

    [GeneratedRegex(" pos=\"([0-9]+)\"")]
    private static partial Regex Position();

    [GeneratedRegex(" size=\"([0-9]+)\"")]
    private static partial Regex Size();

    /// <summary>A header as tshark shows it; nested inside another is what an ICMP error quotes.</summary>
    private sealed record Layer(string Name, int Position, int Size, bool IsNested);
}
