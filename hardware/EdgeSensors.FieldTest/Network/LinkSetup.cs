using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Network;

/// <summary>What <c>ip link</c>, <c>ip address</c>, <c>ip route</c> and <c>ip neighbour</c> do, spoken to the kernel directly, so that nothing has to be installed.</summary>
internal static class LinkSetup
{
    private const ushort NewLink = 16, NewAddress = 20, NewRoute = 24, NewNeighbour = 28;

    /// <summary>Makes a veth pair with one end in each namespace. Both are down.</summary>
    public static void AddPair(NetworkNamespace here, LinkEnd end, NetworkNamespace there, LinkEnd peer, int mtu)
    {
        // The peer's namespace is named by an open file of it.
        using var place = there.Run(() => File.OpenHandle("/proc/thread-self/ns/net"));
        var request = new NetlinkRequest(NewLink, create: true, new byte[16]);
        Describe(request, end, mtu);
        request.Nested(LinkAttribute.Info, info =>
        {
            info.Attribute(1, "veth");
            info.Nested(2, data => data.Nested(1, described =>
            {
                Describe(described, peer, mtu);
                described.Attribute(LinkAttribute.NamespaceFile, (uint)place.DangerousGetHandle());
            }, new byte[16]));
        });
        Send(here, request, $"adding the link {end.Name} to {peer.Name}");
    }

    /// <summary>Brings an interface up.</summary>
    public static void Up(NetworkNamespace place, string name)
    {
        var info = new byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(4), Index(place, name));
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(8), 1);
        BinaryPrimitives.WriteUInt32LittleEndian(info.AsSpan(12), 1);
        Send(place, new NetlinkRequest(NewLink, create: false, info), $"bringing {name} up");
    }

    /// <summary>Moves an interface to another namespace, where it is down and has neither addresses nor routes; where it was it ceases to exist.</summary>
    public static void Move(NetworkNamespace from, string name, NetworkNamespace to)
    {
        using var place = to.Run(() => File.OpenHandle("/proc/thread-self/ns/net"));
        var info = new byte[16];
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(4), Index(from, name));
        Send(from, new NetlinkRequest(NewLink, create: false, info).Attribute(LinkAttribute.NamespaceFile, (uint)place.DangerousGetHandle()), $"moving {name} away");
    }

    /// <summary>Gives an interface an address.</summary>
    public static void AddAddress(NetworkNamespace place, string name, IPAddress address, int prefixLength)
    {
        var octets = address.GetAddressBytes();
        var info = new byte[8];
        info[0] = Family(octets);
        info[1] = (byte)prefixLength;
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(4), Index(place, name));
        Send(place, new NetlinkRequest(NewAddress, create: true, info).Attribute(2, octets).Attribute(1, octets), $"giving {name} the address {address}");
    }

    /// <summary>Routes a prefix to a neighbour that need not lie in any of the interface's own networks.</summary>
    public static void AddRoute(NetworkNamespace place, Prefix destination, IPAddress via, string name)
    {
        const byte MainTable = 254, Static = 4, Unicast = 1, OnLink = 4;
        var octets = new byte[destination.AddressLength];
        destination.CopyAddress(octets);
        var info = new byte[12];
        info[0] = Family(octets);
        info[1] = (byte)destination.Length;
        info[4] = MainTable;
        info[5] = Static;
        info[7] = Unicast;
        info[8] = OnLink;
        Send(
            place,
            new NetlinkRequest(NewRoute, create: true, info).Attribute(1, octets).Attribute(5, via.GetAddressBytes()).Attribute(4, (uint)Index(place, name)),
            $"routing {destination} to {name}");
    }

    /// <summary>Tells an interface a neighbour's hardware address for good, so that nobody has to ask for it.</summary>
    public static void AddNeighbour(NetworkNamespace place, string name, IPAddress address, ReadOnlySpan<byte> hardwareAddress)
    {
        const ushort Permanent = 0x80;
        var octets = address.GetAddressBytes();
        var info = new byte[12];
        info[0] = Family(octets);
        BinaryPrimitives.WriteInt32LittleEndian(info.AsSpan(4), Index(place, name));
        BinaryPrimitives.WriteUInt16LittleEndian(info.AsSpan(8), Permanent);
        Send(place, new NetlinkRequest(NewNeighbour, create: true, info).Attribute(1, octets).Attribute(2, hardwareAddress), $"naming {name}'s neighbour {address}");
    }

    private static void Describe(NetlinkRequest request, LinkEnd end, int mtu) =>
        request.Attribute(LinkAttribute.Name, end.Name).Attribute(LinkAttribute.HardwareAddress, end.HardwareAddress).Attribute(LinkAttribute.Mtu, (uint)mtu);

    private static byte Family(byte[] octets) => octets.Length == 4 ? (byte)2 : (byte)10;

    private static int Index(NetworkNamespace place, string name)
    {
        var index = place.Run(() => (int)LibC.InterfaceIndex(name));
        return index > 0 ? index : throw new NetworkSetupException($"there is no interface {name} in the namespace {place.Label}");
    }

    private static void Send(NetworkNamespace place, NetlinkRequest request, string doing)
    {
        var code = place.Run(() =>
        {
            var socket = LibC.Socket(LibC.AddressFamilyNetlink, LibC.SocketRaw | LibC.SocketCloseOnExec, LibC.NetlinkRoute);
            if (socket < 0)
            {
                return Marshal.GetLastPInvokeError();
            }

            try
            {
                var message = request.ToArray(sequence: 1);
                Span<byte> answer = stackalloc byte[1024];
                if (LibC.Send(socket, message, (nuint)message.Length, 0) < 0 || LibC.Receive(socket, answer, (nuint)answer.Length, 0) < 20)
                {
                    return Marshal.GetLastPInvokeError();
                }

                // NLMSG_ERROR: the header (16 octets), then 0 or a negative errno.
                return -BinaryPrimitives.ReadInt32LittleEndian(answer[16..]);
            }
            finally
            {
                _ = LibC.Close(socket);
            }
        });
        if (code != 0)
        {
            throw new NetworkSetupException($"{doing} failed: {Marshal.GetPInvokeErrorMessage(code)}");
        }
    }

    private static class LinkAttribute
    {
        public const ushort HardwareAddress = 1, Name = 3, Mtu = 4, Info = 18, NamespaceFile = 28;
    }
}

/// <summary>One end of a link.</summary>
/// <param name="Name">At most 15 characters.</param>
/// <param name="HardwareAddress">Six octets.</param>
internal sealed record LinkEnd(string Name, byte[] HardwareAddress);

/// <summary>The kernel refused a part of the test network; the message says which and why.</summary>
internal sealed class NetworkSetupException(string message) : Exception(message);
