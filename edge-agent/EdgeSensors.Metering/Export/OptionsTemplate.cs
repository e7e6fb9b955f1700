using EdgeSensors.Metering.Collect.Templates;

namespace EdgeSensors.Metering.Export;

/// <summary>An options template (RFC 7011 §3.4.2.2). The first field is its scope.</summary>
internal sealed class OptionsTemplate
{
    private OptionsTemplate(ushort id, params FieldSpecifier[] fields) => (Id, Fields, RecordLength) = (id, fields, fields.Sum(field => field.Length));

    /// <summary>How packets are selected in an observation domain (the selector report of RFC 5476 §6.5.2.1).</summary>
    public static OptionsTemplate Selection { get; } = new(
        600,
        new(0, 149, 4), // observationDomainId
        new(0, 304, 2), // selectorAlgorithm
        new(0, 305, 4), // samplingPacketInterval
        new(0, 306, 4)); // samplingPacketSpace

    /// <summary>Metering process statistics (RFC 7011 §4.1).</summary>
    public static OptionsTemplate Statistics { get; } = new(
        601,
        new(0, 149, 4), // observationDomainId
        new(0, 41, 8), // exportedMessageTotalCount
        new(0, 42, 8), // exportedFlowRecordTotalCount
        new(0, 40, 8)); // exportedOctetTotalCount

    /// <summary>Exporting process reliability statistics (RFC 7011 §4.3).</summary>
    public static OptionsTemplate Reliability { get; } = new(
        602,
        new(0, 144, 4), // exportingProcessId
        new(0, 166, 8), // notSentFlowTotalCount
        new(0, 167, 8), // notSentPacketTotalCount
        new(0, 168, 8)); // notSentOctetTotalCount

    public ushort Id { get; }

    public IReadOnlyList<FieldSpecifier> Fields { get; }

    /// <summary>Octets of one record.</summary>
    public int RecordLength { get; }
}
