using System.Diagnostics;

namespace EdgeSensors.FieldTest.Network;

/// <summary>How a user without rights becomes root of a namespace of his own (user_namespaces(7)): the program starts itself again through <c>unshare</c>.</summary>
internal static class UserNamespace
{
    private const string Marker = "EDGESENSORS_FIELDTEST_NAMESPACE";

    /// <summary>Whether network namespaces can be made as things are.</summary>
    public static bool MayMakeNetworks(out string? reason)
    {
        if (NetworkNamespace.TryCreate("probe", out var probe, out reason))
        {
            probe.Dispose();
            return true;
        }

        return false;
    }

    /// <summary>Replaces this process by itself in a user namespace. Returns only where that is not possible, with one line of why.</summary>
    public static string EnterAgain()
    {
        if (Environment.GetEnvironmentVariable(Marker) is not null)
        {
            return "the user namespace gives no right to make networks";
        }

        string[] enter = ["unshare", "--user", "--map-root-user"];
        try
        {
            using var probe = Process.Start(new ProcessStartInfo("unshare", ["--user", "--map-root-user", "--net", "true"])
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            });
            probe!.WaitForExit(TimeSpan.FromSeconds(10));
            if (!probe.HasExited || probe.ExitCode != 0)
            {
                return "this kernel does not let this user make namespaces (see sysctl kernel.unprivileged_userns_clone and kernel.apparmor_restrict_unprivileged_userns), and it is not root";
            }
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "not root, and the program unshare (util-linux) is not installed";
        }

        // Environment.SetEnvironmentVariable does not reach the C library's environment; `env` does.
        var self = Environment.ProcessPath!;
        var arguments = Environment.GetCommandLineArgs();
        string[] program = Path.GetFileNameWithoutExtension(self) == "dotnet" ? [self, .. arguments] : [self, .. arguments[1..]];
        string?[] all = [.. enter, "env", $"{Marker}=1", .. program, null];
        _ = LibC.Execute("unshare", all);
        return $"starting again in a user namespace failed: {LibC.LastError()}";
    }
}
