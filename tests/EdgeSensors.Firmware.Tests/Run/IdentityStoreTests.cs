using System.Text;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Tests.Conformance;
using EdgeSensors.Firmware.Tests.Store;
using EdgeSensors.Protocol;

namespace EdgeSensors.Firmware.Tests.Run;

/// <summary>The enrolment on its way over the serial line and in flash; its octets are those that the hub writes.</summary>
public class IdentityStoreTests
{
    private static readonly byte[] Vector = Convert.FromHexString(string.Concat(
        File.ReadLines(Path.Combine(DeviceBuild.Root, "protocol", "vectors", "tap", "enrolment.hex")).Where(l => !l.StartsWith('#'))));

    [Fact]
    public void The_vector_is_read_and_any_octet_altered_or_cut_off_makes_it_none()
    {
        byte[] octets = [.. Vector];
        TapIdentity read = IdentityStore.Read(octets, octets.Length)!;
        Assert.Equal(("carrier-a", "edge-01", "hub.example", 8883, "事務所", "correct horse"), (read.Operator, read.Sensor, read.Host, read.Port, read.Network, read.NetworkPassword));
        Assert.Equal("{\"signatures\":[],\"signed\":{}}"u8, read.Root);
        Assert.StartsWith("-----BEGIN PRIVATE KEY-----\nAQ==\n", read.CertificateKey, StringComparison.Ordinal);
        for (int i = 0; i < octets.Length; i++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                octets[i] ^= (byte)(1 << bit);
                Assert.Null(IdentityStore.Read(octets, octets.Length));
                octets[i] ^= (byte)(1 << bit);
            }

            Assert.Null(IdentityStore.Read(octets, i));
        }
    }

    [Fact]
    public void Whatever_is_behind_a_good_checksum_both_sides_agree_on_what_it_is()
    {
        Random random = new(3);
        int good = 0;
        for (int i = 0; i < 20_000; i++)
        {
            byte[] octets = [.. Vector];
            octets[random.Next(IdentityStore.HeadSize, octets.Length)] = (byte)random.Next(256);
            BigEndian.Put32(octets, 8, Crc32.Of(octets, IdentityStore.HeadSize, octets.Length - IdentityStore.HeadSize));
            TapIdentity? read = IdentityStore.Read(octets, octets.Length);
            bool hubs = TapEnrolmentCodec.TryDecode(octets, out TapEnrolment? enrolment, out _);
            Assert.True(hubs == read is not null, Convert.ToHexString(octets));
            Assert.Equal(enrolment?.Network, read?.Network);
            good += hubs ? 1 : 0;
        }

        Assert.InRange(good, 1_000, 19_000);
    }

    [Fact]
    public void A_chip_without_one_gives_none()
    {
        MemoryFlash flash = new(FlashMap.LeastCapacity);
        Assert.Null(IdentityStore.Load(flash));
        Vector.CopyTo(flash.Octets, FlashMap.Identity);
        Assert.Equal("edge-01", IdentityStore.Load(flash)!.Sensor);
    }

    [Fact]
    public void Over_a_noisy_line_it_is_stored_once_it_comes_whole_and_each_fault_is_answered()
    {
        MemoryFlash flash = new(FlashMap.LeastCapacity);
        EnrolmentReceiver receiver = new(flash);
        Line line = new(receiver);
        line.Send("ets Jun  8 2016 00:22:57\r\nrst:0x1 (POWERON_RESET)\r\nESESTESTE"u8);
        Assert.Equal("", line.Heard);
        line.Send(Vector.AsSpan(0, 100));
        line.Wait(EnrolmentReceiver.SilenceMs);
        Assert.Equal("refused incomplete\n", line.Heard);
        line.Send([.. "ESTI"u8, 0, 1, 0, 0, 0, 0, 0, 0]);
        Assert.Equal("refused too-long\n", line.Heard);
        byte[] wrong = [.. Vector];
        wrong[200] ^= 1;
        line.Send(wrong);
        Assert.Equal("refused damaged\n", line.Heard);
        wrong[200] ^= 1;
        wrong[IdentityStore.HeadSize + 4] = (byte)'!'; // no sensor's name has it
        BigEndian.Put32(wrong, 8, Crc32.Of(wrong, IdentityStore.HeadSize, wrong.Length - IdentityStore.HeadSize));
        line.Send(wrong);
        Assert.Equal("refused invalid\n", line.Heard);
        flash.Worn.Add(FlashMap.Identity / FlashGeometry.SectorSize);
        line.Send(Vector);
        line.Wait(1);
        Assert.Equal("refused not-kept\n", line.Heard);
        flash.Worn.Clear();
        Assert.Null(IdentityStore.Load(flash));

        line.Send([.. "EE"u8, .. Vector, .. "and more"u8]);
        line.Wait(1);
        Assert.Equal("enrolled\n", line.Heard);
        Assert.Equal("edge-01", IdentityStore.Load(flash)!.Sensor);
    }

    [Fact]
    public void Every_octet_altered_and_every_cut_is_refused_or_not_taken_for_one_and_no_key_is_ever_said()
    {
        MemoryFlash flash = new(FlashMap.LeastCapacity);
        Line line = new(new EnrolmentReceiver(flash));
        for (int i = 0; i < Vector.Length; i++)
        {
            byte[] wrong = [.. Vector];
            wrong[i] ^= 0x20;
            line.Send(wrong);
            line.Wait(EnrolmentReceiver.SilenceMs);
            Assert.True(line.Heard is "refused damaged\n" or "refused incomplete\n" or "refused too-long\n" || (i < 4 && line.Heard.Length == 0), $"octet {i}: {line.Heard}");
            line.Send(Vector.AsSpan(0, i));
            line.Wait(EnrolmentReceiver.SilenceMs);
            Assert.Equal(i < 4 ? "" : "refused incomplete\n", line.Heard);
        }

        Assert.Null(IdentityStore.Load(flash));
        Assert.All(flash.Octets, o => Assert.Equal(0xff, o));
        foreach (EnrolmentAnswer answer in Enum.GetValues<EnrolmentAnswer>())
        {
            Assert.Matches("^(enrolled|refused [a-z-]+)\n$", EnrolmentReceiver.Line(answer));
        }
    }

    [Fact]
    public void Octets_without_end_neither_fill_it_nor_keep_an_enrolment_from_coming_in()
    {
        MemoryFlash flash = new(FlashMap.LeastCapacity);
        Line line = new(new EnrolmentReceiver(flash));
        byte[] noise = new byte[100_000];
        new Random(8).NextBytes(noise);
        for (int i = 0; i < noise.Length - 4; i += 997)
        {
            Encoding.ASCII.GetBytes("ESTI").CopyTo(noise, i);
        }

        for (int round = 0; round < 10; round++)
        {
            line.Send(noise);
        }

        line.Wait(EnrolmentReceiver.SilenceMs);
        Assert.DoesNotContain("enrolled", line.Heard, StringComparison.Ordinal);
        line.Send(Vector);
        line.Wait(1);
        Assert.Equal("enrolled\n", line.Heard);
    }

    /// <summary>The other end of the line: octets in pieces, as they come.</summary>
    private sealed class Line(EnrolmentReceiver receiver)
    {
        private readonly StringBuilder _heard = new();
        private readonly Random _random = new(5);
        private long _now;

        /// <summary>What was answered since it was last asked.</summary>
        public string Heard
        {
            get
            {
                string heard = _heard.ToString();
                _heard.Clear();
                return heard;
            }
        }

        public void Send(ReadOnlySpan<byte> octets)
        {
            byte[] piece = new byte[256];
            while (octets.Length > 0)
            {
                int count = Math.Min(octets.Length, _random.Next(1, piece.Length + 1));
                octets[..count].CopyTo(piece);
                octets = octets[count..];
                _now += 5;
                Say(receiver.Take(piece, count, _now));
                Say(receiver.Step(_now));
            }
        }

        public void Wait(int milliseconds)
        {
            _now += milliseconds;
            for (int i = 0; i < 1_000; i++)
            {
                Say(receiver.Step(_now));
            }
        }

        private void Say(EnrolmentAnswer answer)
        {
            if (answer != EnrolmentAnswer.None)
            {
                _heard.Append(EnrolmentReceiver.Line(answer));
            }
        }
    }
}
