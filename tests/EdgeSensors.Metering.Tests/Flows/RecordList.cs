using EdgeSensors.Metering.Flows;

namespace EdgeSensors.Metering.Tests.Flows;

/// <summary>Keeps what a table exports.</summary>
internal sealed class RecordList : IBiflowConsumer
{
    public List<BiflowRecord> Records { get; } = [];

    public void OnBiflow(ref readonly BiflowRecord record) => Records.Add(record);
}
