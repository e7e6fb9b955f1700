namespace EdgeSensors.Trust.Metadata;

/// <summary>The names of the four top-level roles (specification §2.1), which are the <c>_type</c> of their metadata too.</summary>
public static class TopLevelRole
{
    /// <summary>Names every top-level role's keys.</summary>
    public const string Root = "root";

    /// <summary>Names the current snapshot, and expires soon.</summary>
    public const string Timestamp = "timestamp";

    /// <summary>Names the current version of every targets role.</summary>
    public const string Snapshot = "snapshot";

    /// <summary>Names targets and delegates paths.</summary>
    public const string Targets = "targets";

    internal static bool IsTopLevel(string role) => role is Root or Timestamp or Snapshot or Targets;
}
