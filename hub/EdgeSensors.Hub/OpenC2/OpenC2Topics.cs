using EdgeSensors.Protocol;

namespace EdgeSensors.Hub.OpenC2;

/// <summary>The default topics of OASIS transf-mqtt 1.0 §2.2, and what they carry (§2.4.1).</summary>
internal static class OpenC2Topics
{
    public const string ContentType = "application/openc2";

    public const string TypeProperty = "msgType";

    public const string EncodingProperty = "encoding";

    public static readonly ReadOnlyMemory<byte> Request = "req"u8.ToArray();

    public static readonly ReadOnlyMemory<byte> Response = "rsp"u8.ToArray();

    public static readonly ReadOnlyMemory<byte> Json = "json"u8.ToArray();

    /// <summary>Where producers may command: everybody, every packet filter, or this hub.</summary>
    public static bool IsCommand(string topic) => topic is "oc2/cmd/all" or "oc2/cmd/ap/slpf" or $"oc2/cmd/device/{OpenC2Consumer.DeviceId}";

    /// <summary>Where a producer's answers go.</summary>
    public static string ResponsesTo(OperatorId producer) => $"oc2/rsp/{producer}";
}
