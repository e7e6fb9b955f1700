using EdgeSensors.Metering.Collect;

namespace EdgeSensors.EdgeAgent.Export;

/// <summary>Prints exporters' records as they arrive.</summary>
internal interface IRecordWriter : IExportedFlowConsumer, IDisposable
{
    /// <summary>Writes what is still held back.</summary>
    void Flush();
}

/// <summary>Prints none.</summary>
internal sealed class NoRecordWriter : IRecordWriter
{
    public void OnFlow(ref readonly ExportedFlow flow)
    {
    }

    public void Flush()
    {
    }

    public void Dispose()
    {
    }
}
