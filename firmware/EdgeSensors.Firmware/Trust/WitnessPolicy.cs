namespace EdgeSensors.Firmware.Trust;

/// <summary>What a proof of the transparency log must show: a checkpoint of one of some logs, cosigned by at least k of n witnesses. The root carries it.</summary>
internal sealed class WitnessPolicy
{
    /// <summary>Keys of the logs; each name is the log's origin.</summary>
    public readonly NoteKeys Logs = new NoteKeys(NoteKeys.LogType);

    /// <summary>Keys of the witnesses.</summary>
    public readonly NoteKeys Witnesses = new NoteKeys(NoteKeys.WitnessType);

    /// <summary>How many of them must have cosigned; 0 where there is no policy.</summary>
    public int Quorum;

    /// <summary>Whether there is one, and it can be met.</summary>
    public bool IsSound => Quorum >= 1 && Quorum <= Witnesses.Count && Logs.Count > 0;

    /// <summary>Forgets it.</summary>
    public void Clear()
    {
        Logs.Count = 0;
        Witnesses.Count = 0;
        Quorum = 0;
    }

    /// <summary>Takes over another's.</summary>
    public void CopyFrom(WitnessPolicy other)
    {
        Logs.CopyFrom(other.Logs);
        Witnesses.CopyFrom(other.Witnesses);
        Quorum = other.Quorum;
    }
}
