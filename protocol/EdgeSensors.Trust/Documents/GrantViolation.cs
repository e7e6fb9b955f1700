namespace EdgeSensors.Trust.Documents;

/// <summary>Why a grant does not cover a rule.</summary>
public enum GrantViolation
{
    /// <summary>The grant that the rule names is not there, or did not verify.</summary>
    NoSuchGrant,

    /// <summary>The grant's time has not begun.</summary>
    GrantNotYetValid,

    /// <summary>The grant's time is over.</summary>
    GrantExpired,

    /// <summary>The rule's own time is over.</summary>
    RuleExpired,

    /// <summary>The grant does not allow the rule's step of the ladder.</summary>
    StepNotGranted,

    /// <summary>The rule's prefix is wider than the grant allows.</summary>
    PrefixTooWide,

    /// <summary>The rule lasts longer than the grant allows.</summary>
    TooLong,

    /// <summary>The rule is for a sensor that the grant does not name.</summary>
    SensorNotGranted,

    /// <summary>The rule touches a prefix that the grant excludes.</summary>
    PrefixExcluded,

    /// <summary>The grant is for some protocols only, and the rule for no connection of one of them.</summary>
    ProtocolNotGranted,

    /// <summary>The grant is for some ports only, and the rule for no connection with one of them.</summary>
    PortNotGranted,

    /// <summary>The rule acts harder than <see cref="MitigationStep.Observe"/> and does not say why.</summary>
    StepUnexplained,

    /// <summary>The rule is of no kind that the grant has a tier for, or names a tier that it does not fit.</summary>
    OutsideTier,

    /// <summary>Fewer have approved the rule than its tier asks for.</summary>
    TooFewApprovals,

    /// <summary>The rule lacks the bound of hits that its tier asks for.</summary>
    BoundMissing,

    /// <summary>The rule is for more sensors than its stage allows.</summary>
    StageTooWide,

    /// <summary>The soak times of the stages before the rule's are not over yet.</summary>
    StageTooEarly,

    /// <summary>More rules rest on the grant than it allows; this one comes after the last that fits.</summary>
    TooManyRules,
}
