using EdgeSensors.Firmware.Decode;
using EdgeSensors.Firmware.Devices;
using EdgeSensors.Firmware.Platform;

namespace EdgeSensors.Firmware.Capture;

/// <summary>Takes frames out of the chip, of each no more than its headers, gives them to the meter, and counts what that counts.</summary>
internal sealed class HeaderReader
{
    private readonly W5500 _chip;
    private readonly TapMeter _meter;
    private readonly IClock _clock;
    private readonly byte[] _headers = new byte[FrameParser.MostHeader];
    private readonly byte[] _prefix = new byte[W5500.LengthPrefix];

    /// <summary>From a chip into a meter.</summary>
    public HeaderReader(W5500 chip, TapMeter meter, IClock clock)
    {
        _chip = chip;
        _meter = meter;
        _clock = clock;
    }

    /// <summary>Frames whose headers were taken.</summary>
    public long Frames { get; private set; }

    /// <summary>Packets since <see cref="Clear"/>.</summary>
    public long Packets { get; private set; }

    /// <summary>Their octets.</summary>
    public long Octets { get; private set; }

    /// <summary>Counts from 0 again.</summary>
    public void Clear()
    {
        Packets = 0;
        Octets = 0;
    }

    /// <summary>Takes the next frame.</summary>
    /// <param name="most">Octets that are known to lie in the buffer.</param>
    /// <returns>How many of them were the frame's, or 0 if no frame lies there as it must.</returns>
    public int Take(int most)
    {
        _chip.Read(0, W5500.LengthPrefix, _prefix, 0);
        int octets = (_prefix[0] << 8) | _prefix[1];
        int length = octets - W5500.LengthPrefix;
        if (length < FrameParser.EthernetHeader || length > W5500.LongestFrame || octets > most)
        {
            return 0;
        }

        int have = 0;
        int end = FrameParser.HeaderEnd(_headers, 0, length);
        while (end > have)
        {
            _chip.Read(W5500.LengthPrefix + have, end - have, _headers, have);
            have = end;
            end = FrameParser.HeaderEnd(_headers, have, length);
        }

        _chip.Skip(octets);
        Frames++;
        int counted = _meter.Take(_headers, 0, have, length, _clock.UnixMs);
        if (counted >= 0)
        {
            Packets++;
            Octets += counted;
        }

        return octets;
    }
}
