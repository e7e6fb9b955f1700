using System.Diagnostics.CodeAnalysis;
using EdgeSensors.Trust.Json;

namespace EdgeSensors.Trust.Keys;

/// <summary>A public key in a file of its own, which its owner gives to whoever delegates to it.</summary>
/// <param name="Role">The role that it is meant for, as its owner says.</param>
/// <param name="Key">The key.</param>
public sealed record KeyCard(string Role, TufKey Key)
{
    private const string Type = "public-key";
    private const int MaxBytes = 16_384;

    /// <summary>Reads one; false, with one line, when it is none. A key of a scheme that is not verified here is none either.</summary>
    public static bool TryParse(ReadOnlyMemory<byte> utf8, [NotNullWhen(true)] out KeyCard? card, out string reason)
    {
        card = null;
        if (!StrictJson.TryParse(utf8, MaxBytes, 4, out var json, out var fault))
        {
            reason = fault.Reason;
            return false;
        }

        using (json)
        {
            var faults = new FaultLog();
            var reader = new ObjectReader(json.RootElement, "", faults);
            reader.Integer("spec", 1, 1);
            if (reader.String("type") != Type)
            {
                faults.Add("type", $"is not '{Type}'");
            }

            var role = reader.String("role", 100);
            var key = TufKey.Read(reader.Object("key"), reader.Value("key"));
            reader.RefuseUnknown();
            if (faults.First is null && !key!.IsVerifiable)
            {
                faults.Add("key", "is of a scheme that is not verified here, or no key");
            }

            reason = faults.First is { } first ? $"{first.Path} {first.Reason}" : "";
            card = faults.First is null ? new KeyCard(role, key!) : null;
            return card is not null;
        }
    }

    /// <summary>The file.</summary>
    public byte[] ToBytes()
    {
        var writer = new CanonicalJsonWriter();
        writer.BeginObject();
        writer.Member("key");
        Key.Write(writer);
        writer.String("role", Role);
        writer.Integer("spec", 1);
        writer.String("type", Type);
        writer.EndObject();
        return writer.ToArray();
    }
}
