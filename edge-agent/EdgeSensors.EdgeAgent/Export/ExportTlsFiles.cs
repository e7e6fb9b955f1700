namespace EdgeSensors.EdgeAgent.Export;

/// <summary>PEM files for an export under TLS.</summary>
/// <param name="Authorities">Whose certificates of collectors are believed; the system's store where null.</param>
/// <param name="Certificate">The exporter's certificate, with its chain; null to show none.</param>
/// <param name="Key">Its key; null where the certificate's file holds it.</param>
internal sealed record ExportTlsFiles(string? Authorities, string? Certificate, string? Key);
