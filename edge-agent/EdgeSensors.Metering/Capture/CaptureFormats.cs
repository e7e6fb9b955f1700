using System.Buffers.Binary;

namespace EdgeSensors.Metering.Capture;

/// <summary>Tells capture formats, and what is often mistaken for one, by their first bytes.</summary>
internal static class CaptureFormats
{
    public static RecordReader? TryRecognise(BlockBuffer buffer, string name, CapturePosition position, out CaptureError? error)
    {
        if (!buffer.Ensure(4))
        {
            error = buffer.ReadFailure is { } failure
                ? new CaptureError(CaptureErrorKind.ReadFailed, 0, $"{name}: cannot be read ({failure})")
                : buffer.Available == 0
                    ? new CaptureError(CaptureErrorKind.Empty, 0, $"{name}: the file is empty; nothing was captured, or its writer has not flushed yet")
                    : NotACapture(name);
            return null;
        }

        var magic = BinaryPrimitives.ReadUInt32BigEndian(buffer.Peek(4));
        var records = magic switch
        {
            0xA1B2C3D4 => new PcapReader(buffer, name, bigEndian: true, nanoseconds: false, modified: false),
            0xD4C3B2A1 => new PcapReader(buffer, name, bigEndian: false, nanoseconds: false, modified: false),
            0xA1B23C4D => new PcapReader(buffer, name, bigEndian: true, nanoseconds: true, modified: false),
            0x4D3CB2A1 => new PcapReader(buffer, name, bigEndian: false, nanoseconds: true, modified: false),
            0xA1B2CD34 => new PcapReader(buffer, name, bigEndian: true, nanoseconds: false, modified: true),
            0x34CDB2A1 => new PcapReader(buffer, name, bigEndian: false, nanoseconds: false, modified: true),
            0x0A0D0D0A => new PcapngReader(buffer, name),
            _ => (RecordReader?)null,
        };
        if (records is null)
        {
            error = Compression(magic) is { } program
                ? new CaptureError(
                    CaptureErrorKind.Compressed, 0, $"{name}: the file is compressed; read it through a pipe: {program} -dc FILE | edgesensors-agent meter -")
                : NotACapture(name);
            return null;
        }

        error = records.Start(position);
        return error is null ? records : null;
    }

    private static CaptureError NotACapture(string name) =>
        new(CaptureErrorKind.NotACapture, 0, $"{name}: not a capture file; give a pcap or pcapng file (as tcpdump -w, dumpcap or Wireshark write)");

    private static string? Compression(uint magic) => magic switch
    {
        _ when magic >> 16 == 0x1F8B => "gzip",
        0x28B52FFD => "zstd",
        0xFD377A58 => "xz",
        0x04224D18 => "lz4",
        _ when magic >> 8 == 0x425A68 => "bzip2",
        _ => null,
    };
}
