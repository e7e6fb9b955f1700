namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>One field of a template (RFC 7011 §3.2).</summary>
/// <param name="Enterprise">The private enterprise number; 0 for IANA's elements; <see cref="NetFlow9Scope"/> for a scope of NetFlow v9.</param>
/// <param name="Id">The element's number, without the enterprise bit.</param>
/// <param name="Length">Octets in a record; <see cref="VariableLength"/> when each record says so itself.</param>
internal readonly record struct FieldSpecifier(uint Enterprise, ushort Id, ushort Length)
{
    /// <summary>The length that stands for "each record says" (RFC 7011 §7).</summary>
    public const ushort VariableLength = 0xFFFF;

    /// <summary>Stands in the place of an enterprise number for the scope types of NetFlow v9 (RFC 3954 §6.1), which are no elements.</summary>
    public const uint NetFlow9Scope = 0xFFFF_FFFF;

    /// <summary>The enterprise number of reverse elements (RFC 5103 §6.1).</summary>
    public const uint ReverseEnterprise = 29305;
}
