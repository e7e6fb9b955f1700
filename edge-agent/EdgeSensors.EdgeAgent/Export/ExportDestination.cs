using System.Diagnostics.CodeAnalysis;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Where flows are sent: <c>udp://host:4739</c>, <c>tcp://host:4739</c>, <c>tls://host:4740</c> or <c>file:PATH</c>.</summary>
/// <param name="Kind">How.</param>
/// <param name="Host">A name or an address without brackets; the path of a file.</param>
/// <param name="Port">0 of a file.</param>
internal sealed record ExportDestination(ExportTransportKind Kind, string Host, int Port)
{
    private const int IpfixPort = 4739;
    private const int IpfixTlsPort = 4740;
    private const string FilePrefix = "file:";

    /// <summary>Reads the text; without a port it is IPFIX's own (RFC 7011 §10.2.3, §10.4.3).</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out ExportDestination? destination)
    {
        destination = null;
        if (text.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            var path = text[FilePrefix.Length..];
            if (path.Length == 0)
                return false;
            destination = new ExportDestination(ExportTransportKind.File, path, 0);
            return true;
        }

        // An empty path is all that may follow host and port: no user, no query.
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.PathAndQuery is not ("" or "/") || uri.UserInfo.Length > 0 || uri.Fragment.Length > 0 || uri.IdnHost.Length == 0)
            return false;
        ExportTransportKind? kind = uri.Scheme switch
        {
            "udp" => ExportTransportKind.Udp,
            "tcp" => ExportTransportKind.Tcp,
            "tls" => ExportTransportKind.Tls,
            _ => null,
        };
        if (kind is null || uri.Port == 0)
            return false;
        destination = new ExportDestination(kind.Value, uri.IdnHost, uri.Port > 0 ? uri.Port : kind == ExportTransportKind.Tls ? IpfixTlsPort : IpfixPort);
        return true;
    }

    /// <summary>As it was given.</summary>
    public override string ToString()
    {
        if (Kind == ExportTransportKind.File)
            return FilePrefix + Host;
        var host = Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;
        return $"{Kind.ToString().ToLowerInvariant()}://{host}:{Port}";
    }
}
