namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>A data set that waits for its template, with what its message said of times.</summary>
internal sealed class HeldSet(Accounting.ExporterDomain domain, ushort templateId, byte[] records, in Accounting.MessageContext message)
{
    private readonly Accounting.MessageContext _message = message;

    public Accounting.ExporterDomain Domain { get; } = domain;

    public ushort TemplateId { get; } = templateId;

    /// <summary>The set without its header; null once released or dropped.</summary>
    public byte[]? Records { get; set; } = records;

    public ref readonly Accounting.MessageContext Message => ref _message;
}
