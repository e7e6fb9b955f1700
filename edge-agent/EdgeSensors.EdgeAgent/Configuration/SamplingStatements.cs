using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeSensors.Metering.Decode;
using EdgeSensors.Protocol;

namespace EdgeSensors.EdgeAgent.Configuration;

/// <summary>Sampling rates that a person states for exporters, by address; they win over what the exporters say.</summary>
internal sealed class SamplingStatements
{
    /// <summary>What it takes, for a person.</summary>
    public const string Takes = "takes rates such as 1000 (one packet in 1000, of every exporter), 192.0.2.1=1000 or 2001:db8::/32=512";

    private const double MaxRate = 4_294_967_296;

    private readonly List<(Prefix Prefix, double OneIn)> _ofPrefixes = [];
    private double _ofAll;

    private SamplingStatements()
    {
    }

    /// <summary>No statement.</summary>
    public static SamplingStatements None { get; } = new();

    /// <summary>Reads statements.</summary>
    public static bool TryParse(IEnumerable<string> texts, [NotNullWhen(true)] out SamplingStatements? statements)
    {
        statements = null;
        var read = new SamplingStatements();
        foreach (var text in texts)
        {
            var equals = text.IndexOf('=', StringComparison.Ordinal);
            if (!double.TryParse(text[(equals + 1)..], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var oneIn) || oneIn is not (>= 1 and <= MaxRate))
            {
                return false;
            }

            if (equals < 0)
            {
                read._ofAll = oneIn;
            }
            else if (PrefixOrAddress.TryParse(text[..equals], out var prefix))
            {
                read._ofPrefixes.Add((prefix, oneIn));
            }
            else
            {
                return false;
            }
        }

        read._ofPrefixes.Sort((a, b) => b.Prefix.Length.CompareTo(a.Prefix.Length));
        statements = read;
        return true;
    }

    /// <summary>One packet in how many an exporter looks at; 0 where nothing is stated. The longest prefix wins.</summary>
    public double Of(HostAddress exporter)
    {
        Span<byte> octets = stackalloc byte[16];
        octets = octets[..exporter.WriteOctets(octets)];
        foreach (var (prefix, oneIn) in _ofPrefixes)
        {
            if (prefix.Contains(octets))
            {
                return oneIn;
            }
        }

        return _ofAll;
    }
}
