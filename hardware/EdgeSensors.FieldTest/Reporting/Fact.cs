namespace EdgeSensors.FieldTest.Reporting;

/// <summary>Something about a run that is known before it begins, such as how real it is.</summary>
/// <param name="Key">As <c>result.json</c> names it, lower case.</param>
/// <param name="Words">For people.</param>
internal sealed record Fact(string Key, string Words);
