using EdgeSensors.FieldTest.Network;
using EdgeSensors.Hardware.Wire;

namespace EdgeSensors.FieldTest.Tests.Desk;

/// <summary>A live interface as a mirror port shows it.</summary>
public class LiveWireTests
{
    private const int HeaderOctets = 14 + 20 + 20;
    private static readonly byte[] s_here = [2, 0, 0, 0, 0, 1], s_there = [2, 0, 0, 0, 0, 2];

    [Fact]
    public void A_frame_has_its_headers_and_its_length_and_zeros_where_its_payload_was()
    {
        using var place = Place(mtu: 1_500);
        using var wire = Open(place);
        using var sender = FrameInjector.Open(place, "traffic0", s_there, s_here);
        var sent = Frame(900);
        Assert.True(sender.TrySend(sent));
        var taken = Take(wire);
        Assert.Equal(sent.Length, taken.Length);
        Assert.Equal(sent[..HeaderOctets], taken[..HeaderOctets]);
        Assert.Equal(-1, taken.AsSpan(HeaderOctets).IndexOfAnyExcept((byte)0));
        Assert.Equal(1, wire.Frames);
    }

    [Fact]
    public void A_short_frame_is_padded_and_one_that_no_wire_carries_is_left_out()
    {
        using var place = Place(mtu: 9_000);
        using var wire = Open(place);
        using var sender = FrameInjector.Open(place, "traffic0", s_there, s_here);
        Assert.True(sender.TrySend(Frame(4_000)));
        Assert.True(sender.TrySend(Frame(HeaderOctets)));
        Assert.Equal(60, Take(wire).Length);
        Assert.Equal((1, 1), (wire.TooLong, wire.Frames));
    }

    [Fact]
    public void Frames_faster_than_the_mirror_port_are_crowded_out_and_counted()
    {
        using var place = Place(mtu: 1_500);
        using var wire = Open(place, bitRate: 1_000_000);
        using var sender = FrameInjector.Open(place, "traffic0", s_there, s_here);
        for (var i = 0; i < 200; i++)
        {
            Assert.True(sender.TrySend(Frame(1_514)));
        }

        // At 1 Mbit/s a frame takes 12 ms: 2.4 s of them are there at once, and half a second's fits the port's buffer.
        Until(() =>
        {
            Taken(wire, out _);
            return wire.Crowded > 0;
        });
        Assert.InRange(wire.Crowded, 100, 199);
    }

    [Fact]
    public void What_cannot_be_opened_is_said_in_one_line()
    {
        using var place = Place(mtu: 1_500);
        var error = place.Run(() => LiveWire.TryOpen("nothing0", TimeProvider.System, out _, out var said) ? null : said);
        Assert.Contains("nothing0", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error!);
    }

    private static NetworkNamespace Place(int mtu)
    {
        if (!NetworkNamespace.TryCreate("desk", out var place, out var reason))
        {
            Assert.Skip($"no network namespaces here: {reason}");
        }

        place.SetKernel("ipv6/conf/default/disable_ipv6", 1); // nobody else speaks on the link
        LinkSetup.AddPair(place, new("mirror0", s_here), place, new("traffic0", s_there), mtu);
        LinkSetup.Up(place, "mirror0");
        LinkSetup.Up(place, "traffic0");
        return place;
    }

    private static LiveWire Open(NetworkNamespace place, long bitRate = 100_000_000) => place.Run(() =>
    {
        Assert.True(LiveWire.TryOpen("mirror0", TimeProvider.System, out var wire, out var error, bitRate), error);
        return wire!;
    });

    /// <summary>TCP with a payload that may be seen nowhere.</summary>
    private static byte[] Frame(int octets)
    {
        var frame = new byte[octets];
        frame.AsSpan(HeaderOctets).Fill((byte)'X');
        Convert.FromHexString("0800450000280000000040060000c0000201c6336401c35001bb000000010000000050180000").CopyTo(frame, 12);
        (frame[16], frame[17]) = ((byte)((octets - 14) >> 8), (byte)(octets - 14));
        return frame;
    }

    private static byte[] Take(LiveWire wire)
    {
        byte[] taken = [];
        Until(() => Taken(wire, out taken));
        return taken;
    }

    private static bool Taken(LiveWire wire, out byte[] octets)
    {
        var some = wire.TryTake(TimeProvider.System.GetTimestamp(), out var frame);
        octets = frame.Octets.ToArray();
        return some;
    }

    private static void Until(Func<bool> holds)
    {
        for (var began = Environment.TickCount64; !holds(); Thread.Sleep(1))
        {
            Assert.True(Environment.TickCount64 - began < 30_000, "it does not come about");
        }
    }
}
