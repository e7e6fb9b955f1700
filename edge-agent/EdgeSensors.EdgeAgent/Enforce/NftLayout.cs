namespace EdgeSensors.EdgeAgent.Enforce;

/// <summary>
/// How the table is built. Packets from elsewhere (forwarded or for this machine) pass the chain <c>arrive</c>, this machine's own the chain
/// <c>depart</c>; both hang before connection tracking (priority raw, less ten), so that a flood costs neither a tracking entry nor a route.
/// From there they go to <c>ingress</c> (their source) and <c>egress</c> (their destination). Each looks the owner's allowlist up first and
/// <i>returns</i>, which skips our steps and nothing else: the owner's own tables still decide. Then observe, drop, limit.
/// </summary>
internal static class NftLayout
{
    /// <summary>The table's family.</summary>
    public const string Family = "inet";

    /// <summary>The name of the rules' table.</summary>
    public const string Table = "edgesensors";

    /// <summary>The name of the blocklist's.</summary>
    public const string ListTable = "edgesensors_lists";

    /// <summary>Before NF_IP_PRI_RAW (-300), and so before connection tracking (-200).</summary>
    public const int Priority = -310;

    /// <summary>Packets from elsewhere.</summary>
    public const string Arrive = "arrive";

    /// <summary>Packets of this machine.</summary>
    public const string Depart = "depart";

    /// <summary>The chains of one direction's steps, in the order in which they are passed.</summary>
    public static readonly IReadOnlyList<NftRole> Steps = [NftRole.Observe, NftRole.Drop, NftRole.Limit];

    /// <summary>The comments of the rules that are always there.</summary>
    public static readonly IReadOnlyList<string> FixedRules =
    [
        "arrive loopback", "arrive ingress", "arrive egress", "depart loopback", "depart egress",
        .. from chain in (string[])["ingress", "egress"] from step in Steps select $"{chain} {Word(step)}",
    ];

    /// <summary>The chain of a step in a direction.</summary>
    public static string StepChain(NftRole step, bool egress) => $"{NftSet.Chain(egress)}_{Word(step)}";

    /// <summary>Whether a chain of this name hangs where it should.</summary>
    public static bool IsChain(string? name, string? hook, int priority) => name switch
    {
        Arrive => hook == "prerouting" && priority == Priority,
        Depart => hook == "output" && priority == Priority,
        "ingress" or "egress" => hook is null,
        _ => hook is null && Steps.Any(step => name == StepChain(step, false) || name == StepChain(step, true)),
    };

    /// <summary>A step's word in names.</summary>
    public static string Word(NftRole step) => step switch
    {
        NftRole.Observe => "observe",
        NftRole.Drop => "drop",
        _ => "limit",
    };
}
