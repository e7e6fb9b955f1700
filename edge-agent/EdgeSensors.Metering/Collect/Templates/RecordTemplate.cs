namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>
/// A template (RFC 7011 §3.4.1, RFC 3954 §5.2) or options template (§3.4.2; §6.1), with the plan by which its records are read: of records without variable-length
/// fields only the wanted ones at their offsets, else all in order. An element that comes twice is the outer header's first (RFC 7011 §8), so the first counts.
/// </summary>
internal sealed class RecordTemplate
{
    private RecordTemplate(ushort id, bool isOptions, int scopeCount, FieldSpecifier[] fields)
    {
        Id = id;
        IsOptions = isOptions;
        ScopeCount = scopeCount;
        Fields = fields;
    }

    public ushort Id { get; }

    public bool IsOptions { get; }

    public int ScopeCount { get; }

    public FieldSpecifier[] Fields { get; }

    /// <summary>The steps of reading a record.</summary>
    public RecordField[] Plan { get; private set; } = [];

    /// <summary>The length of every record without variable-length fields; the least length of one with.</summary>
    public int Length { get; private set; }

    public bool IsVariable { get; private set; }

    /// <summary>Whether packet and octet counters run from the flow's start.</summary>
    public bool CountersAreTotals { get; private set; }

    /// <summary>False after the exporter restarted, until it has sent this template again.</summary>
    public bool IsConfirmed { get; set; } = true;

    /// <summary>Set when two exporters at one address define it differently: its records cannot be attributed.</summary>
    public bool IsContested { get; set; }

    /// <summary>Whose it is, and its place in the order of use.</summary>
    public LinkedListNode<RecordTemplate>? Node { get; set; }

    public Accounting.ExporterDomain? Domain { get; set; }

    /// <summary>Whether a record was read by it.</summary>
    public bool IsUsed { get; set; }

    public long LastUse { get; set; }

    /// <summary>Makes the template and its plan; null for one that cannot describe a record.</summary>
    public static RecordTemplate? Create(ushort id, bool isOptions, int scopeCount, ReadOnlySpan<FieldSpecifier> fields)
    {
        if (id < 256 || fields.IsEmpty)
            return null;
        var template = new RecordTemplate(id, isOptions, scopeCount, fields.ToArray());
        return template.MakePlan() ? template : null;
    }

    public bool HasSameDefinition(RecordTemplate other) =>
        IsOptions == other.IsOptions && ScopeCount == other.ScopeCount && Fields.AsSpan().SequenceEqual(other.Fields);

    /// <summary>A copy for another session of the same exporter.</summary>
    public RecordTemplate Clone() => Create(Id, IsOptions, ScopeCount, Fields)!;

    private bool MakePlan()
    {
        Span<int> chosen = stackalloc int[256];
        Span<byte> ranks = stackalloc byte[256];
        chosen.Fill(-1);
        var length = 0;
        for (var index = 0; index < Fields.Length; index++)
        {
            var field = Fields[index];
            IsVariable |= field.Length == FieldSpecifier.VariableLength;
            length += field.Length == FieldSpecifier.VariableLength ? 1 : field.Length;
            Choose(field, index, chosen, ranks);
        }

        // No datagram or message could hold such a record, and one of no length would never end.
        if (length is 0 or > ushort.MaxValue)
            return false;
        Length = length;

        var plan = new List<RecordField>(Fields.Length);
        var offset = 0;
        for (var index = 0; index < Fields.Length; index++)
        {
            var field = Fields[index];
            var element = InformationElements.Of(field).Element;
            // Payload sections are all blanked, however many there are.
            if (element is not (FlowElement.Skip or FlowElement.PayloadSection) && chosen[(int)InformationElements.Group(element)] != index)
                element = IsSection(element) ? FlowElement.PayloadSection : FlowElement.Skip;
            CountersAreTotals |= field is { Enterprise: 0, Id: 85 or 86 } && element != FlowElement.Skip;
            if (element != FlowElement.Skip || IsVariable)
                plan.Add(new RecordField(element, field.Length, (ushort)offset));
            offset += field.Length == FieldSpecifier.VariableLength ? 0 : field.Length;
        }

        Plan = [.. plan];
        return true;
    }

    private static void Choose(FieldSpecifier field, int index, Span<int> chosen, Span<byte> ranks)
    {
        var (element, rank) = InformationElements.Of(field);
        if (element == FlowElement.Skip)
            return;
        var group = (int)InformationElements.Group(element);
        if (chosen[group] >= 0 && ranks[group] <= rank)
            return;
        chosen[group] = index;
        ranks[group] = rank;
    }

    private static bool IsSection(FlowElement element) => element is FlowElement.FrameSection or FlowElement.IpHeaderSection;
}
