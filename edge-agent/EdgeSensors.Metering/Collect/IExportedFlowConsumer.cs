namespace EdgeSensors.Metering.Collect;

/// <summary>Takes what a <see cref="FlowCollector"/> reads. Called in the middle of its work: copy what is needed and return; do not call the collector.</summary>
public interface IExportedFlowConsumer
{
    /// <summary>One flow record.</summary>
    /// <param name="flow">Valid only during the call.</param>
    void OnFlow(ref readonly ExportedFlow flow);

    /// <summary>An interface's counters (sFlow).</summary>
    /// <param name="counters">Valid only during the call.</param>
    void OnCounters(in InterfaceCounters counters)
    {
    }
}
