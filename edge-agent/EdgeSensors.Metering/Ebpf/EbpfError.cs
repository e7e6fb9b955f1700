namespace EdgeSensors.Metering.Ebpf;

/// <summary>Why the kernel did not do what was asked.</summary>
public enum EbpfFault
{
    /// <summary>The system is not Linux, or its kernel is without bpf(2) or too old for what was asked.</summary>
    NotSupported,

    /// <summary>The process lacks CAP_BPF (before Linux 5.8: CAP_SYS_ADMIN).</summary>
    NotPermitted,

    /// <summary>The verifier does not see that the program is safe; <see cref="EbpfError.VerifierLog"/> says where.</summary>
    Rejected,

    /// <summary>A map is full, or memory was refused.</summary>
    NoRoom,

    /// <summary>There is no such key.</summary>
    NoSuchKey,

    /// <summary>There is such a key already.</summary>
    KeyExists,

    /// <summary>The kernel refused for another reason, named in the message.</summary>
    Refused,
}

/// <summary>A typed failure of bpf(2).</summary>
/// <param name="Fault">What kind of failure.</param>
/// <param name="Message">One line for a person: what happened and what to do.</param>
/// <param name="VerifierLog">What the verifier said of a rejected program, to its last line; else empty. For whoever wrote the program.</param>
public sealed record EbpfError(EbpfFault Fault, string Message, string VerifierLog = "");
