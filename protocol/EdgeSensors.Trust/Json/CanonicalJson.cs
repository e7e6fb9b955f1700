using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace EdgeSensors.Trust.Json;

/// <summary>The OLPC canonical form of a parsed value: what TUF signs and hashes key ids over (specification §4.2).</summary>
internal static class CanonicalJson
{
    /// <summary>Encodes a value that <see cref="StrictJson"/> parsed; false when it holds a number that is not an integer, which has no canonical form.</summary>
    public static bool TryEncode(JsonElement value, [NotNullWhen(true)] out byte[]? canonical)
    {
        var writer = new CanonicalJsonWriter();
        canonical = TryWrite(writer, value) ? writer.ToArray() : null;
        return canonical is not null;
    }

    private static bool TryWrite(CanonicalJsonWriter writer, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                var members = new List<(byte[] Name, JsonElement Value)>(value.GetPropertyCount());
                foreach (var member in value.EnumerateObject())
                {
                    members.Add((Encoding.UTF8.GetBytes(member.Name), member.Value));
                }

                members.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
                writer.BeginObject();
                foreach (var (name, member) in members)
                {
                    writer.Member(name);
                    if (!TryWrite(writer, member))
                    {
                        return false;
                    }
                }

                writer.EndObject();
                return true;

            case JsonValueKind.Array:
                writer.BeginArray();
                foreach (var item in value.EnumerateArray())
                {
                    if (!TryWrite(writer, item))
                    {
                        return false;
                    }
                }

                writer.EndArray();
                return true;

            case JsonValueKind.String:
                writer.String(value.GetString()!);
                return true;

            case JsonValueKind.Number:
                var digits = JsonMarshal.GetRawUtf8Value(value);
                if (digits.ContainsAny("eE."u8))
                {
                    return false;
                }

                writer.Raw(digits.SequenceEqual("-0"u8) ? "0"u8 : digits);
                return true;

            case JsonValueKind.True:
            case JsonValueKind.False:
                writer.Boolean(value.GetBoolean());
                return true;

            default:
                writer.Raw("null"u8);
                return true;
        }
    }
}
