using System.Globalization;
using EdgeSensors.FieldTest.Reporting;
using EdgeSensors.Protocol;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>An alert in words.</summary>
internal static class AlertWords
{
    /// <summary>As the report shows it.</summary>
    public static AlertSeen Of(AlertMessage alert, long atMs)
    {
        var about = alert.Indicator.ToString() ?? "";
        var words = string.Create(
            CultureInfo.InvariantCulture,
            $"{Name(alert.Detector)} about {about}: {alert.Evidence.Attempts} attempts, {alert.Evidence.FailedAttempts} failed, {alert.Evidence.DistinctAddresses} addresses, {alert.Evidence.DistinctPorts} ports, {alert.Evidence.Packets} packets");
        return new AlertSeen(atMs, Name(alert.Detector), alert.Technique, about, alert.Evidence.SourceProven, words);
    }

    /// <summary>A detector's name, as scenario files have it.</summary>
    public static string Name(DetectorKind detector) => detector switch
    {
        DetectorKind.AddressFanOut => "address-fan-out",
        DetectorKind.PortFanOut => "port-fan-out",
        DetectorKind.Flood => "flood",
        DetectorKind.Listed => "listed",
        _ => "selector",
    };
}
