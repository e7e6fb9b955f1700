namespace EdgeSensors.Metering.Collect.Join;

/// <summary>Takes what leaves a <see cref="FlowJoin"/>. Called in the middle of its work: copy what is needed and return; do not call the join.</summary>
public interface IJoinedFlowConsumer
{
    /// <summary>A conversation that has waited for its other direction.</summary>
    /// <param name="flow">Valid only during the call.</param>
    void OnJoined(ref readonly JoinedFlow flow);
}
