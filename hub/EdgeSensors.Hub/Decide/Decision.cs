namespace EdgeSensors.Hub.Decide;

/// <summary>Why a decision was not taken.</summary>
internal enum RefusalKind
{
    /// <summary>There is no such mitigation.</summary>
    NotFound,

    /// <summary>What was asked is not well formed.</summary>
    Invalid,

    /// <summary>It is well formed, and not allowed.</summary>
    Forbidden,

    /// <summary>It is too late: the mitigation has ended.</summary>
    Ended,

    /// <summary>As many of the asker's drafts as there may be wait already.</summary>
    TooMany,
}

/// <summary>A refusal, with the reason for a person.</summary>
internal sealed record Refusal(RefusalKind Kind, string Reason);

/// <summary>A mitigation as it now stands, or why nothing was changed.</summary>
internal readonly record struct Decision(Mitigation? Mitigation, Refusal? Refusal)
{
    public static implicit operator Decision(Mitigation mitigation) => new(mitigation, null);

    public static implicit operator Decision(Refusal refusal) => new(null, refusal);
}
