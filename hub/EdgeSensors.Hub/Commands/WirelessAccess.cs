using System.CommandLine;

namespace EdgeSensors.Hub.Commands;

/// <summary>The Wi-Fi network that a tap is to join, and how a command comes by its passphrase.</summary>
internal sealed class WirelessAccess
{
    private const int MaxNetworkOctets = 32;
    private const int MinPassphrase = 8;
    private const int MaxPassphrase = 64;

    public Option<string?> Network { get; } = new("--wifi") { Description = "The name of the Wi-Fi network that the tap joins (WPA2).", HelpName = "NAME" };

    public Option<string?> PassphraseFile { get; } = new("--wifi-passphrase-file")
    {
        Description = "A file whose first line is the passphrase of that network (otherwise a prompt).",
        HelpName = "FILE",
    };

    /// <summary>Name and passphrase; null where no network was named.</summary>
    public (string Network, string Passphrase)? Read(ParseResult parsed)
    {
        var file = parsed.GetValue(PassphraseFile);
        if (parsed.GetValue(Network) is not { } network)
        {
            return file is null ? null : throw new CommandException("usage", "--wifi-passphrase-file needs --wifi NAME.", ExitCode.Usage);
        }

        if (System.Text.Encoding.UTF8.GetByteCount(network) is < 1 or > MaxNetworkOctets)
        {
            throw new CommandException("usage", $"--wifi takes a name of 1 to {MaxNetworkOctets} octets.", ExitCode.Usage);
        }

        var passphrase = file is not null
            ? SecretInput.ReadFile(file)
            : SecretInput.Ask($"Passphrase of the Wi-Fi network {network}", "The Wi-Fi network needs a passphrase; give --wifi-passphrase-file FILE.");
        return passphrase.Length is >= MinPassphrase and <= MaxPassphrase && passphrase.All(c => c is >= ' ' and <= '~')
            ? (network, passphrase)
            : throw new CommandException("passphrase", $"A Wi-Fi passphrase has {MinPassphrase} to {MaxPassphrase} characters of ASCII.", ExitCode.Usage);
    }
}
