namespace EdgeSensors.Metering.Flows;

/// <summary>Takes the biflows that leave a <see cref="FlowTable"/>.</summary>
public interface IBiflowConsumer
{
    /// <summary>One biflow has ended. Called on the thread that meters, in the middle of its work: copy what is needed and return; do not call the table.</summary>
    /// <param name="record">Valid only during the call.</param>
    void OnBiflow(ref readonly BiflowRecord record);

    /// <summary>The same where <see cref="FlowTableOptions.Detail"/> is on.</summary>
    /// <param name="record">Valid only during the call.</param>
    /// <param name="detail">Valid only during the call.</param>
    void OnBiflow(ref readonly BiflowRecord record, ref readonly BiflowDetail detail) => OnBiflow(in record);
}
