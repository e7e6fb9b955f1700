using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Capture;

/// <summary>One capture file format's way from bytes to packets.</summary>
internal abstract class RecordReader(BlockBuffer buffer, string name)
{
    private readonly HashSet<LinkType> _linkTypes = [];

    public abstract string Format { get; }

    /// <summary>Where the current section began (0 in a pcap file).</summary>
    public long SectionOffset { get; protected set; }

    public CaptureError? Error { get; private set; }

    public IReadOnlyCollection<LinkType> LinkTypes => _linkTypes;

    protected BlockBuffer Buffer => buffer;

    protected string Name => name;

    /// <summary>Reads the file's header and goes to the position.</summary>
    public abstract CaptureError? Start(CapturePosition position);

    public abstract bool TryRead(ref CapturedPacket packet);

    /// <summary>Adds to a block the packets that lie whole in the buffer, as long as nothing about them is unusual; <see cref="TryRead"/> goes on from there.</summary>
    /// <returns>How many.</returns>
    public virtual int AddBuffered(PacketBlock block) => 0;

    protected void Describe(LinkType linkType) => _linkTypes.Add(linkType);

    /// <summary>Ends the reading with an error, once; returns false so that a reader can return it.</summary>
    protected bool Stop(CaptureErrorKind kind, long offset, string what)
    {
        Error ??= new CaptureError(kind, offset, $"{name}: {what} (at byte {offset})");
        return false;
    }

    /// <summary>The file ended inside a record that began at <paramref name="offset"/>.</summary>
    protected bool StopTruncated(long offset) => buffer.ReadFailure is { } failure
        ? Stop(CaptureErrorKind.ReadFailed, buffer.Offset, $"cannot be read further ({failure})")
        : Stop(CaptureErrorKind.Truncated, offset, "the capture is cut short inside its last record; what came before was read. Copy the file again, or end its capture cleanly");

    protected CaptureError PositionMismatch(CapturePosition position) =>
        new(CaptureErrorKind.PositionMismatch, position.Offset, $"{name}: no record begins at byte {position.Offset}, where reading should go on; it is not the file that was read before. Start it anew");
}
