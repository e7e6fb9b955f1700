using System.Text.Json;
using System.Text.Json.Serialization;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.Store;

/// <summary>An estimate as it lies in the store.</summary>
internal static class ImpactJson
{
    private static readonly JsonSerializerOptions Options = new() { Converters = { new Moments() } };

    public static string Write(ImpactEstimate estimate) => JsonSerializer.Serialize(estimate, Options);

    public static ImpactEstimate Read(string json) => JsonSerializer.Deserialize<ImpactEstimate>(json, Options)!;

    private sealed class Moments : JsonConverter<UnixMilliseconds>
    {
        public override UnixMilliseconds Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => new(reader.GetInt64());

        public override void Write(Utf8JsonWriter writer, UnixMilliseconds value, JsonSerializerOptions options) => writer.WriteNumberValue(value.Value);
    }
}
