namespace EdgeSensors.Metering.Capture;

/// <summary>Why a capture file cannot be read, or not further.</summary>
public enum CaptureErrorKind
{
    /// <summary>There is no such file.</summary>
    NotFound,

    /// <summary>The file may not be opened by this user.</summary>
    AccessDenied,

    /// <summary>Reading failed below the file format (a device error, a broken pipe).</summary>
    ReadFailed,

    /// <summary>The file holds nothing.</summary>
    Empty,

    /// <summary>The file begins with neither a pcap nor a pcapng header.</summary>
    NotACapture,

    /// <summary>The file is compressed.</summary>
    Compressed,

    /// <summary>A pcap or pcapng version that is not read.</summary>
    UnsupportedVersion,

    /// <summary>The last record is incomplete; all before it were read.</summary>
    Truncated,

    /// <summary>A record contradicts itself (a length beyond all bounds, an interface that was never described); all before it were read.</summary>
    Corrupt,

    /// <summary>The position to resume at is not a record boundary of this file.</summary>
    PositionMismatch,
}

/// <summary>A typed error of the capture reader.</summary>
/// <param name="Kind">What kind of error.</param>
/// <param name="Offset">The byte offset in the file where the unreadable part begins.</param>
/// <param name="Message">One line: what happened and what to do.</param>
public sealed record CaptureError(CaptureErrorKind Kind, long Offset, string Message);
