using System.Text;

namespace EdgeSensors.Metering.Capture.Live;

/// <summary>An interface as the kernel names it in a socket's network namespace.</summary>
internal readonly record struct LinuxInterface(int Index, LinkKind Link)
{
    private const int NameOctets = 16;

    /// <summary>Looks an interface up.</summary>
    public static unsafe LiveCaptureError? TryFind(int socket, string name, out LinuxInterface found)
    {
        found = default;
        var octets = Encoding.UTF8.GetByteCount(name);
        if (octets is 0 or >= NameOctets || name.AsSpan().ContainsAny('/', '\0'))
        {
            return NoSuch(name);
        }

        LibC.InterfaceRequest request = default;
        Encoding.UTF8.GetBytes(name, new Span<byte>(request.Name, NameOctets));
        if (LibC.IoControl(socket, LibC.GetInterfaceIndex, &request) < 0)
        {
            return NoSuch(name);
        }

        var index = (int)request.Value;
        if (LibC.IoControl(socket, LibC.GetHardwareAddress, &request) < 0)
        {
            return NoSuch(name);
        }

        // linux/if_arp.h
        var hardware = (ushort)request.Value;
        LinkKind? link = hardware switch
        {
            1 => LinkKind.Ethernet,
            772 => LinkKind.Loopback,
            512 or 519 or 768 or 769 or 776 or 778 or 823 or 65534 => LinkKind.RawIp, // PPP, raw IP, IPv4 and IPv6 tunnels, SIT, GRE, GRE over IPv6, none (tun)
            _ => null,
        };
        if (link is null)
        {
            return new LiveCaptureError(
                LiveCaptureFault.UnsupportedLink,
                $"interface {name} has hardware type {hardware}, which is not decoded; capture an Ethernet, loopback, PPP or tunnel interface");
        }

        found = new LinuxInterface(index, link.Value);
        return null;
    }

    private static LiveCaptureError NoSuch(string name) =>
        new(LiveCaptureFault.NoSuchInterface, $"there is no interface {Printable(name)} here; list them with: ip -brief link");

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
