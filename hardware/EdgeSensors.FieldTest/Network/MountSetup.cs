using System.Globalization;

namespace EdgeSensors.FieldTest.Network;

/// <summary>Mounts that only one namespace and what is started in it see (mount_namespaces(7)); they go with it.</summary>
internal static class MountSetup
{
    private const ulong Bind = 0x1000, Recursive = 0x4000, Private = 0x4_0000;
    private const ulong NoDevices = 4, NoSetUserId = 2;

    /// <summary>Gives a namespace mounts of its own: what it mounts from now on is seen by nobody else. Throws <see cref="NetworkSetupException"/>.</summary>
    public static void Separate(NetworkNamespace place) => place.Run(() =>
    {
        Check(LibC.Unshare(LibC.CloneNewMounts), "separating the mounts of", place.Label);
        Check(LibC.Mount("none", "/", null, Recursive | Private, null), "separating the mounts of", place.Label);
    });

    /// <summary>Mounts an empty file system of a size over a folder.</summary>
    /// <param name="place">A namespace with mounts of its own.</param>
    /// <param name="folder">The folder; it is made where it is not there.</param>
    /// <param name="octets">How much it holds.</param>
    public static void Disk(NetworkNamespace place, string folder, long octets) => place.Run(() =>
    {
        Directory.CreateDirectory(folder);
        Check(LibC.Mount("tmpfs", folder, "tmpfs", NoDevices | NoSetUserId, string.Create(CultureInfo.InvariantCulture, $"size={octets},mode=0700")), "mounting a small disk on", folder);
    });

    /// <summary>Takes a program away: under its path there is a file that cannot be started.</summary>
    public static void Cover(NetworkNamespace place, string program) => place.Run(() => Check(LibC.Mount("/dev/null", program, null, Bind, null), "taking away", program));

    /// <summary>Gives it back.</summary>
    public static void Uncover(NetworkNamespace place, string program) => place.Run(() => Check(LibC.Unmount(program, 0), "giving back", program));

    private static void Check(int result, string doing, string what)
    {
        if (result != 0)
        {
            throw new NetworkSetupException($"{doing} {what} failed: {LibC.LastError()}");
        }
    }
}
