using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Tests.Trust;

/// <summary>The tap's client, fed from a dictionary of files.</summary>
internal sealed class TapClient
{
    private readonly WantedTarget[] _wanted;

    public TapClient(bool witnessed = false)
    {
        DelegatedRole authorizations = new(UpdatedRepository.AuthorizationRole);
        DelegatedRole blocklists = new("blocklists");
        _wanted = [new WantedTarget(UpdatedRepository.AuthorizationPath, authorizations), new WantedTarget(UpdatedRepository.ListPath, blocklists)];
        Tuf = new TufClient(new byte[64 * 1024], [authorizations, blocklists], _wanted, new Ed25519Verifier(), witnessed);
    }

    public TufClient Tuf { get; }

    public FileReference Authorization => _wanted[0].File;

    public FileReference List => _wanted[1].File;

    /// <summary>Files that were asked for.</summary>
    public List<string> Asked { get; } = [];

    public TufFault Anchor(byte[] root)
    {
        Tuf.BeginAnchor();
        return Run(name => name == "root.json" ? root : null);
    }

    public TufFault Update(IReadOnlyDictionary<string, byte[]> files, long nowMs, bool online = true)
    {
        Tuf.Begin(nowMs, online);
        return Run(files.GetValueOrDefault);
    }

    /// <summary>Everything that the client has verified, as one text.</summary>
    public string Trusted() => string.Join(
        ' ', Enumerable.Range(0, 6).Select(i => $"{Tuf.FileOf(i).Version}:{(Tuf.FileOf(i).IsSet ? Convert.ToHexString(Tuf.FileOf(i).Hash)[..8] : "-")}"));

    private TufFault Run(Func<string, byte[]?> files)
    {
        while (true)
        {
            if (Tuf.Phase == TufPhase.Wanting)
            {
                Asked.Add(Tuf.WantedName);
                byte[]? file = files(Tuf.WantedName);
                if (file is null)
                {
                    Tuf.SupplyNothing();
                }
                else
                {
                    // What is longer than was signed is cut off where the caller knows the length.
                    file.AsSpan(0, Math.Min(file.Length, Tuf.Buffer.Length)).CopyTo(Tuf.Buffer);
                    Tuf.Supply(file.Length);
                }
            }
            else if (Tuf.Phase == TufPhase.WantingProof)
            {
                Asked.Add(Tuf.WantedName);
                byte[]? proof = files(Tuf.WantedName);
                if (proof is null || proof.Length > Tuf.Proof.Buffer.Length)
                {
                    Tuf.SupplyNothing();
                }
                else
                {
                    proof.CopyTo(Tuf.Proof.Buffer, 0);
                    Tuf.SupplyProof(proof.Length);
                }
            }
            else if (Tuf.Phase == TufPhase.Keeping)
            {
                Tuf.Kept();
            }
            else if (!Tuf.Step())
            {
                return Tuf.Fault;
            }
        }
    }
}
