namespace EdgeSensors.FieldTest.Reporting;

/// <summary>A text in both languages of a report.</summary>
/// <param name="En">English.</param>
/// <param name="Ja">Japanese.</param>
internal sealed record Title(string En, string Ja);
