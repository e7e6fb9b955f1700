using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeSensors.Metering.Capture;
using EdgeSensors.Metering.Capture.Live;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Tests;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>The ring on a virtual cable in a network namespace: the kernel's filter, the kernel's VLAN handling, the kernel's counters.</summary>
public sealed partial class LiveCaptureTests
{
    [Fact]
    public void Headers_come_in_from_both_directions_and_payload_never_enters_the_ring()
    {
        using var network = Cable();
        using var near = Open(network, "near");
        using var far = Open(network, "far");
        using var sender = new FrameSender(network, "near");

        // Of five tags the receiving kernel takes one off, so that the cut is one tag later there: not comparable.
        var frames = Frames.All(near.Depth).Where(f => f.Name != "five tags").ToList();
        foreach (var (_, frame, _) in frames)
        {
            sender.Send(frame);
        }

        foreach (var capture in (LiveCapture[])[near, far])
        {
            var got = ReadAll(capture, frames.Count);
            Assert.Equal(frames.Count, got.Count);
            for (var i = 0; i < frames.Count; i++)
            {
                var (name, frame, end) = frames[i];
                Assert.True(frame.AsSpan(0, end).SequenceEqual(got[i].Headers), $"{name}: {Convert.ToHexString(frame, 0, end)} became {Convert.ToHexString(got[i].Headers)}");
                Assert.Equal(frame.Length, got[i].OriginalLength);
            }

            Assert.Equal(-1, capture.RingMemory.IndexOf(Frames.Marker.AsSpan(0, 6)));
            Assert.Equal(new LiveCaptureStatistics(frames.Count, 0, 0), capture.ReadStatistics());
        }

        // The same search does find what is let in: the sender's hardware address in every frame.
        Assert.NotEqual(-1, near.RingMemory.IndexOf(frames[0].Frame.AsSpan(0, 12)));
    }

    [Fact]
    public unsafe void The_filter_cannot_be_taken_off_or_replaced()
    {
        using var network = Cable();
        using var capture = Open(network, "far");
        const int DetachFilter = 27;
        var anything = new BpfInstruction(BpfOpcode.ReturnConstant, 0, 0, 262144);
        var program = new LibC.FilterProgram { Length = 1, Instructions = (nint)(&anything) };
        var zero = 0;
        Assert.Equal(-1, LibC.SetSocketOption(capture.FileDescriptor, LibC.LevelSocket, DetachFilter, &zero, sizeof(int)));
        Assert.Equal(-1, LibC.SetSocketOption(capture.FileDescriptor, LibC.LevelSocket, LibC.AttachFilter, &program, (uint)sizeof(LibC.FilterProgram)));
        Assert.Equal(-1, LibC.SetSocketOption(capture.FileDescriptor, LibC.LevelSocket, LibC.LockFilter, &zero, sizeof(int)));
    }

    [Fact]
    public void Timestamps_are_the_kernels_clock_in_nanoseconds()
    {
        using var network = Cable();
        using var capture = Open(network, "far");
        using var sender = new FrameSender(network, "near");
        var before = DateTimeOffset.UtcNow;
        sender.Send(Frames.All().First().Frame);
        var stamp = ReadAll(capture, 1)[0].TimestampNs;
        Assert.InRange(
            stamp / 1_000_000, before.ToUnixTimeMilliseconds() - 1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1);
    }

    [Fact]
    public void On_the_loopback_interface_each_packet_is_seen_once()
    {
        using var network = NetworkNamespace.CreateOrSkip();
        using var capture = Open(network, "lo");
        using var sender = new FrameSender(network, "lo");
        for (var i = 0; i < 10; i++)
        {
            sender.Send(Frames.All().First().Frame);
        }

        Assert.Equal(10, ReadAll(capture, 20).Count);
    }

    [Fact]
    public void A_full_ring_counts_every_frame_it_loses()
    {
        using var network = Cable();
        using var capture = Open(network, "far", new LiveCaptureOptions { RingOctets = 1 << 20, BlockOctets = 64 << 10 });
        using var sender = new FrameSender(network, "near");
        var frame = Frames.All().First().Frame;
        for (var i = 0; i < 20_000; i++)
        {
            sender.Send(frame);
        }

        var read = ReadAll(capture, 20_000).Count;
        var counted = capture.ReadStatistics();
        Assert.Equal(20_000, counted.Received + counted.Dropped);
        Assert.Equal(read, counted.Received);
        Assert.True(counted.Dropped > 0 && counted.Freezes > 0);
        Assert.Equal(counted, capture.ReadStatistics());
    }

    [Fact]
    public void An_interface_that_goes_down_says_so_and_goes_on_when_it_is_up_again()
    {
        using var network = Cable();
        using var capture = Open(network, "far");
        var packet = default(CapturedPacket);
        network.Run("ip", "link", "set", "far", "down");
        while (capture.Failure is null)
        {
            Assert.Equal(PacketRead.Idle, capture.Read(ref packet));
        }

        Assert.Equal(LiveCaptureFault.InterfaceDown, capture.Failure.Fault);
        network.Run("ip", "link", "set", "far", "up");
        WaitUntilUp(network);
        using var sender = new FrameSender(network, "near");
        sender.Send(Frames.All().First().Frame);
        Assert.Single(ReadAll(capture, 1));
        Assert.Null(capture.Failure);
    }

    [Fact]
    public void An_interface_that_is_removed_says_so_and_is_opened_again_under_its_name()
    {
        using var network = Cable();
        using (var capture = Open(network, "far"))
        {
            network.Run("ip", "link", "delete", "far");
            var packet = default(CapturedPacket);
            while (capture.Failure?.Fault != LiveCaptureFault.NoSuchInterface)
            {
                Assert.Equal(PacketRead.Idle, capture.Read(ref packet));
            }

            Assert.Equal(default, capture.ReadStatistics());
        }

        Connect(network);
        using var again = Open(network, "far");
        using var sender = new FrameSender(network, "near");
        sender.Send(Frames.All().First().Frame);
        Assert.Single(ReadAll(again, 1));
    }

    [Theory]
    [InlineData("far", false)]
    [InlineData("far", true)]
    [InlineData("near", false)]
    [InlineData("near", true)]
    public void Several_rings_share_the_frames_and_keep_both_directions_fragments_and_refusals_together(string end, bool outermostOnly)
    {
        using var network = Cable();
        var options = new LiveCaptureOptions { RingOctets = 4 << 20, Rings = 3, OutermostOnly = outermostOnly };
        var rings = network.Inside(() =>
        {
            Assert.True(LiveCapture.TryOpenRings(end, options, out var opened, out var error), error?.Message);
            return opened;
        });
        var conversations = Conversations(200, withQuotations: rings[0].Depth == HeaderDepth.Innermost).ToList();
        using (var sender = new FrameSender(network, "near"))
        {
            conversations.ForEach(frame => sender.Send(frame.Frame));
        }

        var ringOf = new Dictionary<int, int>();
        var seen = 0;
        for (var ring = 0; ring < rings.Count; ring++)
        {
            foreach (var (_, headers, _) in ReadAll(rings[ring], int.MaxValue))
            {
                var conversation = BinaryPrimitives.ReadUInt16BigEndian(headers); // in the first octets of the hardware address
                Assert.Equal(ring, ringOf.TryGetValue(conversation, out var first) ? first : ringOf[conversation] = ring);
                seen++;
            }

            Assert.Equal(-1, rings[ring].RingMemory.IndexOf(Frames.Marker.AsSpan(0, 6)));
        }

        Assert.Equal(conversations.Count, seen);
        Assert.All(Enumerable.Range(0, 3), ring => Assert.InRange(ringOf.Values.Count(one => one == ring), 60, 220));
        foreach (var ring in rings)
        {
            Assert.Equal(0, ring.ReadStatistics().Dropped);
            ring.Dispose();
        }
    }

    /// <summary>Of each conversation both directions, a later fragment and, where asked for, the refusal that a router in between sends.</summary>
    private static IEnumerable<(int Conversation, byte[] Frame)> Conversations(int count, bool withQuotations)
    {
        for (var i = 0; i < count; i++)
        {
            byte[] hardware = [(byte)(i >> 8), (byte)i, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1];
            byte[] inside = [10, 1, (byte)(i * 7), (byte)i], outside = [192, 0, 2, (byte)(i * 3)], router = [198, 51, 100, (byte)i];
            byte[] content = [0x80, 1, 0, 53, 0, 40, 0, 0, .. Frames.Marker];
            yield return (i, [.. hardware, 8, 0, .. Frames.IPv4(17, content, inside, outside)]);
            yield return (i, [.. hardware, 8, 0, .. Frames.IPv4(17, [0, 53, 0x80, 1, .. content[4..]], outside, inside)]);
            yield return (i, [.. hardware, 0x81, 0, 0, 7, 8, 0, .. Frames.IPv4(17, Frames.Marker, outside, inside, fragment: 100)]);
            byte[] v6 = [0x20, 1, 0xD, 0xB8, .. new byte[10], 0, 1], other = [0x20, 1, 0xD, 0xB8, .. new byte[10], (byte)(i >> 8), (byte)i];
            yield return (1000 + i, [(byte)((1000 + i) >> 8), (byte)(1000 + i), .. hardware[2..], 0x86, 0xDD, .. Frames.IPv6(17, content, v6, other)]);
            yield return (1000 + i, [(byte)((1000 + i) >> 8), (byte)(1000 + i), .. hardware[2..], 0x86, 0xDD, .. Frames.IPv6(17, content, other, v6)]);
            if (withQuotations)
            {
                byte[] refusal = [3, 1, 0, 0, 0, 0, 0, 0, .. Frames.IPv4(17, content, inside, outside)];
                yield return (i, [.. hardware, 8, 0, .. Frames.IPv4(1, refusal, router, inside)]);
            }
        }
    }

    [Fact]
    public void Where_eBPF_is_not_allowed_the_classic_filter_keeps_payload_out_and_says_how_far_it_reads()
    {
        using var network = Cable();
        using var capture = Open(network, "far", new LiveCaptureOptions { RingOctets = 4 << 20, OutermostOnly = true });
        Assert.Equal(HeaderDepth.Outermost, capture.Depth);
        Assert.NotNull(capture.DepthLimitation);
        using var sender = new FrameSender(network, "near");
        var frames = Frames.All().Where(f => f.Name != "five tags").ToList();
        frames.ForEach(f => sender.Send(f.Frame));
        var got = ReadAll(capture, frames.Count);
        Assert.Equal(frames.Count, got.Count);
        Assert.All(frames.Zip(got), pair => Assert.True(pair.Second.Headers.Length <= pair.First.HeaderEnd, pair.First.Name));
        Assert.Equal(-1, capture.RingMemory.IndexOf(Frames.Marker.AsSpan(0, 6)));
    }

    [Fact]
    public void A_tunnel_interface_gives_raw_IP()
    {
        using var network = NetworkNamespace.CreateOrSkip();
        if (network.TryRun("ip", "tuntap", "add", "tun0", "mode", "tun") is { Exit: not 0, Text: var why })
        {
            Assert.Skip($"no tun device: {why}");
        }

        network.Run("ip", "addr", "add", "192.0.2.1/24", "dev", "tun0");
        network.Run("ip", "link", "set", "tun0", "up");
        using var capture = Open(network, "tun0");
        Assert.Equal(LinkType.Raw, capture.LinkType);
    }

    [Fact]
    public void A_capture_that_cannot_be_opened_says_why()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("packet sockets are Linux's");
        }

        using var network = NetworkNamespace.CreateOrSkip();
        Assert.Equal(LiveCaptureFault.NoSuchInterface, Refusal("nothere"));
        Assert.Equal(LiveCaptureFault.NoSuchInterface, Refusal("a-name-that-is-too-long"));
        Assert.Equal(LiveCaptureFault.NoSuchInterface, Refusal(""));
        Assert.Equal(LiveCaptureFault.BadOption, Refusal("lo", new LiveCaptureOptions { BlockOctets = 100_000 }));
        Assert.Equal(LiveCaptureFault.BadOption, Refusal("lo", new LiveCaptureOptions { RingOctets = 1 }));

        LiveCaptureFault Refusal(string name, LiveCaptureOptions? options = null) => network.Inside(() =>
        {
            Assert.False(LiveCapture.TryOpen(name, options ?? new LiveCaptureOptions(), out _, out var error));
            Assert.DoesNotContain('\n', error.Message);
            return error.Fault;
        });
    }

    [Fact]
    public void Reading_allocates_nothing_for_a_packet()
    {
        using var network = Cable();
        using var capture = Open(network, "far");
        using var sender = new FrameSender(network, "near");
        var frame = Frames.All().First().Frame;

        // The first wait binds the system call, which the runtime allocates for, once.
        var packet = default(CapturedPacket);
        Assert.Equal(PacketRead.Idle, capture.Read(ref packet));
        for (var i = 0; i < 3000; i++)
        {
            sender.Send(frame);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var read = 0;
        for (var idle = 0; read < 3000 && idle < 50;)
        {
            if (capture.Read(ref packet) == PacketRead.Packet)
            {
                read++;
            }
            else
            {
                idle++;
            }
        }

        // The smallest object has 24 octets; compiling this loop anew while it runs costs the runtime a few, once.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 3000 * 24 / 4);
        Assert.Equal(3000, read);
    }

    [Fact]
    public void A_disposed_capture_is_not_read()
    {
        using var network = Cable();
        var capture = Open(network, "far");
        using (var sender = new FrameSender(network, "near"))
        {
            sender.Send(Frames.All().First().Frame);
        }

        capture.Dispose();
        capture.Dispose();
        Assert.Throws<ObjectDisposedException>(() =>
        {
            var packet = default(CapturedPacket);
            return capture.Read(ref packet);
        });
    }

    private static NetworkNamespace Cable()
    {
        var network = NetworkNamespace.CreateOrSkip();
        Connect(network);
        return network;
    }

    private static void Connect(NetworkNamespace network)
    {
        if (network.TryRun("ip", "link", "add", "near", "type", "veth", "peer", "name", "far") is { Exit: not 0, Text: var why })
        {
            network.Dispose();
            Assert.Skip($"no virtual cable: {why}");
        }

        // The kernel's own neighbour and router solicitations would mingle with the frames of the test.
        foreach (var end in (string[])["near", "far"])
        {
            network.Run("ip", "link", "set", end, "addrgenmode", "none");
            network.Run("ip", "link", "set", end, "up");
        }

        WaitUntilUp(network);
    }

    /// <summary>Until the kernel has noticed the carrier it drops what is sent.</summary>
    private static void WaitUntilUp(NetworkNamespace network) => Assert.True(
        SpinWait.SpinUntil(() => network.Run("ip", "-o", "link", "show", "up", "type", "veth").Split("state UP").Length == 3, 10_000));

    private static LiveCapture Open(NetworkNamespace network, string name, LiveCaptureOptions? options = null) => network.Inside(() =>
    {
        Assert.True(LiveCapture.TryOpen(name, options ?? new LiveCaptureOptions { RingOctets = 4 << 20 }, out var capture, out var error), error?.Message);
        return capture;
    });

    private static List<(long TimestampNs, byte[] Headers, int OriginalLength)> ReadAll(LiveCapture capture, int atMost)
    {
        var packets = new List<(long, byte[], int)>();
        var packet = default(CapturedPacket);
        for (var idle = 0; idle < (packets.Count == 0 ? 30 : 5) && packets.Count < atMost;)
        {
            if (capture.Read(ref packet) == PacketRead.Packet)
            {
                packets.Add((packet.TimestampNs, packet.Data.ToArray(), packet.OriginalLength));
                idle = 0;
            }
            else
            {
                idle++;
            }
        }

        return packets;
    }

    /// <summary>Puts frames on a cable as they are.</summary>
    private sealed unsafe partial class FrameSender : IDisposable
    {
        private readonly int _socket;

        public FrameSender(NetworkNamespace network, string name) => _socket = network.Inside(() =>
        {
            var socket = LibC.Socket(LibC.AddressFamilyPacket, LibC.SocketRaw | LibC.SocketCloseOnExec, 0);
            Assert.True(socket >= 0);
            Assert.Null(LinuxInterface.TryFind(socket, name, out var found));
            var address = new LibC.LinkAddress { Family = LibC.AddressFamilyPacket, InterfaceIndex = found.Index };
            Assert.Equal(0, LibC.Bind(socket, &address, (uint)sizeof(LibC.LinkAddress)));
            return socket;
        });

        public void Send(byte[] frame)
        {
            fixed (byte* bytes = frame)
            {
                Assert.Equal(frame.Length, (int)Write(_socket, bytes, (nuint)frame.Length));
            }
        }

        public void Dispose() => _ = LibC.Close(_socket);

        [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
        private static partial nint Write(int fileDescriptor, void* bytes, nuint count);
    }
}
