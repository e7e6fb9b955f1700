namespace EdgeSensors.Metering.Detect;

/// <summary>Takes findings.</summary>
public interface IDetectionConsumer
{
    /// <summary>A finding or its growth. Called on the thread that meters.</summary>
    void OnDetection(Detection detection);
}
