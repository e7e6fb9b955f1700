using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EdgeSensors.Metering.Ebpf;

/// <summary>
/// A program at its place in the kernel (<c>bpf_link</c>, for XDP Linux 5.9). It is not pinned: the kernel takes the program off when the link is disposed, and
/// when the process ends however it ends.
/// </summary>
public sealed partial class EbpfLink : IDisposable
{
    private readonly SafeFileHandle _handle;

    private EbpfLink(SafeFileHandle handle, XdpMode mode) => (_handle, Mode) = (handle, mode);

    /// <summary>Where the program runs.</summary>
    public XdpMode Mode { get; }

    /// <summary>Attaches an XDP program to an interface of the thread's network namespace: natively where the driver can, generically otherwise.</summary>
    /// <param name="program">A program of the type <see cref="EbpfProgramType.Xdp"/>.</param>
    /// <param name="interfaceName">For instance <c>eth0</c>.</param>
    /// <param name="link">What holds it there.</param>
    /// <param name="error">Why it is not there; another's program that stands there is left.</param>
    public static bool TryAttachXdp(EbpfProgram program, string interfaceName, [NotNullWhen(true)] out EbpfLink? link, [NotNullWhen(false)] out EbpfError? error)
    {
        ArgumentNullException.ThrowIfNull(program);
        link = null;
        var index = OperatingSystem.IsLinux() ? InterfaceIndex(interfaceName) : 0;
        if (index == 0)
        {
            error = new EbpfError(EbpfFault.Refused, $"there is no interface {interfaceName}; ip link shows those that are");
            return false;
        }

        var failure = 0;
        foreach (var mode in (XdpMode[])[XdpMode.Native, XdpMode.Generic])
        {
            var attributes = new EbpfSystemCall.LinkAttributes
            {
                Program = (uint)program.FileDescriptor,
                Interface = index,
                AttachType = EbpfSystemCall.AttachXdp,
                Flags = (uint)mode,
            };
            var descriptor = EbpfSystemCall.Do(EbpfSystemCall.LinkCreate, ref attributes);
            if (descriptor >= 0)
            {
                (link, error) = (new EbpfLink(new SafeFileHandle(descriptor, ownsHandle: true), mode), null);
                return true;
            }

            failure = -descriptor;
            if (failure is EbpfSystemCall.ErrorBusy or EbpfSystemCall.ErrorExists)
            {
                error = new EbpfError(EbpfFault.Refused, $"another XDP program stands at {interfaceName}; ip link show dev {interfaceName} names it, ip link set dev {interfaceName} xdp off takes it away");
                return false;
            }
        }

        error = EbpfSystemCall.Describe($"attaching the program to {interfaceName}", failure);
        return false;
    }

    /// <summary>Takes the program off.</summary>
    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "if_nametoindex", StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint InterfaceIndex(string name);
}
