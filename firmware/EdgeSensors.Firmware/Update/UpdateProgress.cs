using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>How far an update has come. The parts that carry it on set what is next; one that hands over within a step sets where the next part begins.</summary>
internal sealed class UpdateProgress
{
    /// <summary>What it is doing.</summary>
    public UpdateStage Stage = UpdateStage.Idle;

    /// <summary>Whether what does not lie in flash is asked of the hub.</summary>
    public bool IsOnline;

    /// <summary>Why the last update was not taken; none if it was.</summary>
    public TufFault Fault;

    /// <summary>What could not be read of an update that was taken otherwise; none if all could.</summary>
    public TufFault DocumentFault;

    /// <summary>Counts updates that were taken whole.</summary>
    public int Completed;

    /// <summary>Begins with the metadata.</summary>
    public void Begin(bool online)
    {
        IsOnline = online;
        Fault = TufFault.None;
        DocumentFault = TufFault.None;
        Stage = UpdateStage.Metadata;
    }

    /// <summary>The update is not taken.</summary>
    public void Refuse(TufFault fault)
    {
        Fault = fault;
        Stage = UpdateStage.Idle;
    }

    /// <summary>The update was taken.</summary>
    public void Complete()
    {
        Stage = UpdateStage.Idle;
        Completed++;
    }
}
