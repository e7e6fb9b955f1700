using EdgeSensors.Metering.Decode;
using EdgeSensors.Metering.Ebpf;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>
/// The wall "metadata only" in full: an eBPF program whose result, the snap length, is where a frame's innermost header ends by the rules of
/// <see cref="FrameDecoder"/>, tunnels included. Classic BPF is too small for that: no loop, no more than 4,096 instructions.
/// </summary>
/// <remarks>
/// The same parse serves to divide packets over rings: <see cref="BuildFanOut"/> returns a hash of the innermost addresses (of an ICMP error, of those
/// that it quotes), the same for both directions and for every fragment.
/// Invariants: R6 is the socket buffer, R7 where the current header begins, R8 where the innermost IP packet known so far or the frame ends, R9 how
/// many tunnels were entered. Nothing is kept beyond R8. Each read is preceded by a check against it.
/// </remarks>
internal static class InnermostHeaderFilter
{
    /// <summary>The program for an interface of the given kind.</summary>
    public static EbpfInstruction[] Build(LinkKind link) => new InnermostHeaderProgram(link, hashKey: 0).Assemble();

    /// <summary>The program that divides an interface's packets over rings.</summary>
    /// <param name="link">The kind of the interface.</param>
    /// <param name="hashKey">Keys the hash; secret, so that nobody can choose addresses that all go to one ring. Not 0.</param>
    public static EbpfInstruction[] BuildFanOut(LinkKind link, ulong hashKey) => new InnermostHeaderProgram(link, hashKey | 1).Assemble();
}
