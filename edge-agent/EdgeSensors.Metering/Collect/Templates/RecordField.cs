namespace EdgeSensors.Metering.Collect.Templates;

/// <summary>One step in reading a record.</summary>
/// <param name="Element">What to do.</param>
/// <param name="Length">Octets, or <see cref="FieldSpecifier.VariableLength"/>.</param>
/// <param name="Offset">From the record's start; meaningless behind a field of variable length.</param>
internal readonly record struct RecordField(FlowElement Element, ushort Length, ushort Offset);
