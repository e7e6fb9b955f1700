namespace EdgeSensors.Metering.Capture.Live;

/// <summary>Why an interface cannot be captured, or cannot be any more.</summary>
public enum LiveCaptureFault
{
    /// <summary>The system is not Linux, or its kernel has no packet sockets (CONFIG_PACKET) or no TPACKET_V3.</summary>
    NotSupported,

    /// <summary>The process lacks CAP_NET_RAW.</summary>
    NotPermitted,

    /// <summary>There is no interface of this name in this network namespace.</summary>
    NoSuchInterface,

    /// <summary>The interface's frames are of a kind that is not decoded (monitor-mode Wi-Fi, InfiniBand, …).</summary>
    UnsupportedLink,

    /// <summary>An option is out of its range.</summary>
    BadOption,

    /// <summary>The ring's memory was refused.</summary>
    NoMemory,

    /// <summary>The interface went down or was removed while it was captured.</summary>
    InterfaceDown,

    /// <summary>The kernel refused for another reason, named in the message.</summary>
    Refused,
}

/// <summary>A typed failure of live capture.</summary>
/// <param name="Fault">What kind of failure.</param>
/// <param name="Message">One line for a person: what happened and what to do.</param>
public sealed record LiveCaptureError(LiveCaptureFault Fault, string Message);
