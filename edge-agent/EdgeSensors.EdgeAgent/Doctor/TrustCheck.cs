using System.Text.Json;
using EdgeSensors.Trust.Log;
using EdgeSensors.Trust.Sealing;

namespace EdgeSensors.EdgeAgent.Doctor;

/// <summary>Where trust in updates begins, and the key that opens what is sealed to this sensor.</summary>
/// <param name="rootFile">The first TUF root.</param>
/// <param name="sealingKeyFile">The sealing key.</param>
internal sealed class TrustCheck(string rootFile, string sealingKeyFile) : ICheck
{
    private const string Area = "Trust";
    private const int MaxRootOctets = 512 << 10;
    private const string Again = "copy the enrolment folder from the hub again: edgesensors-hub sensor add";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Finding>> RunAsync(CancellationToken cancellationToken) =>
        [await RootAsync(cancellationToken).ConfigureAwait(false), await SealingKeyAsync(cancellationToken).ConfigureAwait(false)];

    private async Task<Finding> RootAsync(CancellationToken cancellationToken)
    {
        const string Subject = "first root";
        if (await ReadAsync(rootFile, cancellationToken).ConfigureAwait(false) is not { } octets)
        {
            return new Finding(Area, Subject, Verdict.Fail, $"{rootFile} cannot be read", Again);
        }

        try
        {
            using var root = JsonDocument.Parse(octets);
            var signed = root.RootElement.GetProperty("signed");
            if (signed.GetProperty("_type").GetString() == "root")
            {
                var version = signed.GetProperty("version").GetInt64();
                return signed.TryGetProperty(WitnessPolicy.RootMember, out _)
                    ? new Finding(Area, Subject, Verdict.Ok, $"TUF root, version {version}, with a policy of witnesses")
                    : new Finding(Area, Subject, Verdict.Fail, $"TUF root, version {version}, without a policy of witnesses: no update will be trusted", "have the hub's operator name its witnesses, then copy the enrolment folder again");
            }
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Said below.
        }

        return new Finding(Area, Subject, Verdict.Fail, $"{rootFile} is no TUF root", Again);
    }

    private async Task<Finding> SealingKeyAsync(CancellationToken cancellationToken)
    {
        const string Subject = "sealing key";
        if (await ReadAsync(sealingKeyFile, cancellationToken).ConfigureAwait(false) is not { } octets)
        {
            return new Finding(Area, Subject, Verdict.Fail, $"{sealingKeyFile} cannot be read", Again);
        }

        if (!SealingKey.TryParse(System.Text.Encoding.ASCII.GetString(octets).Trim(), out var key))
        {
            return new Finding(Area, Subject, Verdict.Fail, $"{sealingKeyFile} is no X25519 key in base64", Again);
        }

        using (key)
        {
            return new Finding(Area, Subject, Verdict.Ok, "X25519");
        }
    }

    private static async Task<byte[]?> ReadAsync(string path, CancellationToken cancellationToken)
    {
        try
        {
            return new FileInfo(path).Length <= MaxRootOctets ? await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
