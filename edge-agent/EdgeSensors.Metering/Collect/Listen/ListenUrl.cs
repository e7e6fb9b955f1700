using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace EdgeSensors.Metering.Collect.Listen;

/// <summary>How exports come in.</summary>
public enum ListenTransport
{
    /// <summary>Datagrams, all four protocols.</summary>
    Udp,

    /// <summary>IPFIX over TCP (RFC 7011 §10.4), in the clear.</summary>
    Tcp,

    /// <summary>IPFIX over TLS with client certificates (RFC 7011 §11).</summary>
    Tls,
}

/// <summary>A place to listen at: <c>udp://0.0.0.0:4739</c>, <c>tcp://[::]:4739</c>, <c>tls://192.0.2.1:4740</c>.</summary>
/// <param name="Transport">How exports come in.</param>
/// <param name="EndPoint">The local address and port; port 0 takes any free one.</param>
public sealed record ListenUrl(ListenTransport Transport, IPEndPoint EndPoint)
{
    /// <summary>IPFIX's registered port over UDP and TCP (IANA: ipfix).</summary>
    public const int DefaultPort = 4739;

    /// <summary>IPFIX's registered port over TLS (IANA: ipfixs).</summary>
    public const int DefaultTlsPort = 4740;

    /// <summary>Reads a URL: a scheme, an address (no name: where to listen is not looked up), and a port unless it is IPFIX's.</summary>
    /// <param name="text">What was given.</param>
    /// <param name="url">The place.</param>
    /// <param name="error">What is wrong with it, to be read after its name.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ListenUrl? url, [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(text);
        url = null;
        error = "takes URLs such as udp://0.0.0.0:4739, tcp://[::]:4739 or tls://192.0.2.1:4740";
        var mark = text.IndexOf("://", StringComparison.Ordinal);
        if (mark < 0 || Scheme(text[..mark]) is not { } transport)
            return false;
        var rest = text[(mark + 3)..].TrimEnd('/');
        var port = transport == ListenTransport.Tls ? DefaultTlsPort : DefaultPort;
        var colon = rest.LastIndexOf(':');
        if (colon > rest.LastIndexOf(']'))
        {
            if (!int.TryParse(rest[(colon + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out port) || port > IPEndPoint.MaxPort)
                return false;
            rest = rest[..colon];
        }

        var bracketed = rest.StartsWith('[') && rest.EndsWith(']');
        if (!IPAddress.TryParse(bracketed ? rest[1..^1] : rest, out var address) || bracketed != rest.Contains(':', StringComparison.Ordinal))
            return false;
        (url, error) = (new ListenUrl(transport, new IPEndPoint(address, port)), null);
        return true;
    }

    /// <summary>The URL's text.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Word}://{EndPoint}");

    private string Word => Transport switch { ListenTransport.Udp => "udp", ListenTransport.Tcp => "tcp", _ => "tls" };

    private static ListenTransport? Scheme(string word) => word switch
    {
        "udp" => ListenTransport.Udp,
        "tcp" => ListenTransport.Tcp,
        "tls" => ListenTransport.Tls,
        _ => null,
    };
}
