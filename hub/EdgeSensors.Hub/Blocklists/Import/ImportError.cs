namespace EdgeSensors.Hub.Blocklists.Import;

/// <summary>Why a list is not read at all.</summary>
/// <param name="Kind">For programs: <c>too-long</c>, <c>too-many</c>, <c>malformed</c> or <c>unknown-format</c>.</param>
/// <param name="Message">For people, one line.</param>
internal sealed record ImportError(string Kind, string Message);
