using System.Net.NetworkInformation;
using System.Text;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>An interface of this network namespace, as far as capturing it is concerned.</summary>
/// <param name="Name">Its name.</param>
/// <param name="IsUp">Whether it is up and has a carrier.</param>
/// <param name="CanBeCaptured">Whether its frames are of a kind that is decoded.</param>
/// <param name="JoinsFrames">The offloads that hand several frames over as one larger than any on the wire (<c>GRO</c>, <c>LRO</c>), or null; a joined frame counts as one packet.</param>
public sealed record LiveInterface(string Name, bool IsUp, bool CanBeCaptured, string? JoinsFrames)
{
    private const uint GetGenericReceiveOffload = 0x2B; // linux/ethtool.h, ETHTOOL_GGRO
    private const uint GetFlags = 0x25; // ETHTOOL_GFLAGS
    private const uint LargeReceiveOffload = 1 << 15; // ETH_FLAG_LRO

    /// <summary>All of them, by name. Empty where there are none to be seen.</summary>
    public static IReadOnlyList<LiveInterface> All()
    {
        if (!OperatingSystem.IsLinux())
        {
            return [];
        }

        // The requests work on any socket and need no rights.
        const int Internet = 2;
        var socket = LibC.Socket(Internet, LibC.SocketDatagram | LibC.SocketCloseOnExec, 0);
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces().Select(found => Describe(socket, found)).OrderBy(found => found.Name, StringComparer.Ordinal)];
        }
        catch (NetworkInformationException)
        {
            return [];
        }
        finally
        {
            _ = LibC.Close(socket);
        }
    }

    private static LiveInterface Describe(int socket, NetworkInterface found)
    {
        var joins = (Ask(socket, found.Name, GetGenericReceiveOffload) != 0, (Ask(socket, found.Name, GetFlags) & LargeReceiveOffload) != 0) switch
        {
            (true, true) => "GRO and LRO",
            (true, false) => "GRO",
            (false, true) => "LRO",
            _ => null,
        };

        // A loopback or tunnel interface says "unknown": it has no carrier to lose.
        return new LiveInterface(
            found.Name, found.OperationalStatus is OperationalStatus.Up or OperationalStatus.Unknown, LinuxInterface.TryFind(socket, found.Name, out _) is null, joins);
    }

    /// <summary>An ethtool value; 0 also where the driver does not know the question.</summary>
    private static unsafe uint Ask(int socket, string name, uint command)
    {
        var value = new LibC.EthernetToolValue { Command = command };
        var request = new LibC.InterfacePointerRequest { Data = &value };
        var octets = Encoding.UTF8.GetBytes(name);
        octets.AsSpan(0, Math.Min(octets.Length, 15)).CopyTo(new Span<byte>(request.Name, 16));
        return LibC.IoControl(socket, LibC.EthernetTool, &request) < 0 ? 0 : value.Data;
    }
}
