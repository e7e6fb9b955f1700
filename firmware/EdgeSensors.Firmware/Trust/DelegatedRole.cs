namespace EdgeSensors.Firmware.Trust;

/// <summary>A role one level below the top-level targets: what the snapshot and the targets say of it.</summary>
internal sealed class DelegatedRole
{
    /// <summary>Its name.</summary>
    public readonly string Name;

    /// <summary>Its metadata as the snapshot names it.</summary>
    public readonly FileReference Metadata = new FileReference();

    /// <summary>Its keys as the top-level targets name them; a threshold of 0 where they do not.</summary>
    public readonly RoleKeys Keys = new RoleKeys();

    /// <summary>A role.</summary>
    public DelegatedRole(string name)
    {
        Name = name;
    }
}
