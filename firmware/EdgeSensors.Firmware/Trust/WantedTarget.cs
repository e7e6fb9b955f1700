namespace EdgeSensors.Firmware.Trust;

/// <summary>A target that the tap uses, and the role that docs/protocol.md delegates it to.</summary>
internal sealed class WantedTarget
{
    /// <summary>The role that must speak of it.</summary>
    public readonly DelegatedRole Role;

    /// <summary>The target as the role lists it; not set where it does not.</summary>
    public readonly FileReference File = new FileReference();

    /// <summary>The target's path.</summary>
    public string Path;

    /// <summary>Whether the first delegation that covers the path was met.</summary>
    public bool Covered;

    /// <summary>A target.</summary>
    public WantedTarget(string path, DelegatedRole role)
    {
        Path = path;
        Role = role;
    }
}
