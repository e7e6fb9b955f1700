using EdgeSensors.Metering.Collect.Join;
using EdgeSensors.Metering.Decode;

namespace EdgeSensors.Metering.Detect;

/// <summary>
/// Whether the exporters show both directions of conversations. Many export only what comes in on one interface: then an answer that is not seen is no sign. Found out from TCP
/// conversations that carried data, which certainly had two sides.
/// </summary>
internal sealed class SidesSeen
{
    /// <summary>Fewer conversations than these say nothing yet.</summary>
    private const int Enough = 16;

    /// <summary>One in so many seen whole is enough: routers let go of the two directions at different times.</summary>
    private const int OneWholeIn = 4;

    /// <summary>The past counts half once so many were seen.</summary>
    private const int Horizon = 4096;

    private int _seen;
    private int _whole;

    /// <summary>Whether both sides are shown.</summary>
    public bool Both => _seen >= Enough && _whole * OneWholeIn >= _seen;

    public void Note(ref readonly JoinedFlow flow)
    {
        const TcpControlBits Data = TcpControlBits.Ack | TcpControlBits.Psh;
        if (flow.Protocol != IpProtocol.Tcp || ((flow.Forward.TcpFlags & Data) != Data && (flow.Reverse.TcpFlags & Data) != Data))
            return;
        _seen++;
        _whole += flow.Forward.PacketCount > 0 && flow.Reverse.PacketCount > 0 ? 1 : 0;
        if (_seen >= Horizon)
            (_seen, _whole) = (_seen / 2, _whole / 2);
    }
}
