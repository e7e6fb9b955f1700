using EdgeSensors.Hub.Commands;
using EdgeSensors.Trust.Log;
using EdgeSensors.Witness.Configuration;

namespace EdgeSensors.Witness.Cosign;

/// <summary>
/// The newest checkpoint of each log that was cosigned, kept once more and apart from the state, so that a state folder which was put back to an older copy is found out and made good: written after
/// the state and before the answer, so that it is never behind what anybody was given.
/// </summary>
/// <param name="folder">Its folder, not the state's.</param>
internal sealed class WitnessMark(string folder)
{
    public void Write(Checkpoint cosigned)
    {
        Directory.CreateDirectory(folder);
        WholeFile.Write(PathOf(cosigned.Origin), cosigned.ToBytes());
    }

    /// <summary>
    /// Holds the state against the mark at the start. Where the state is behind, it goes on from the mark, which bears this witness's own cosignature; where there is no mark, or the state is newer, the mark
    /// follows.
    /// </summary>
    /// <returns>What was found, for an alarm; null when the two agree.</returns>
    public string? Reconcile(WitnessStore store, string origin, NoteKey own)
    {
        var (size, checkpoint, at) = store.Newest(origin) ?? (0, null, 0);
        if (Read(origin) is not { } mark || mark.CosignedBy(own) is not { } markedAt || mark.Origin != origin)
        {
            if (checkpoint is not null)
            {
                Write(checkpoint);
            }

            return null;
        }

        if (mark.Size < size || (mark.Size == size && markedAt <= at))
        {
            if (mark.Size < size || markedAt < at)
            {
                Write(checkpoint!);
            }

            return null;
        }

        store.Cosigned(mark, markedAt);
        return mark.Size == size ? null : $"the state knew {size} entries and {mark.Size} were cosigned: an older copy was put back; it goes on from {mark.Size}";
    }

    private Checkpoint? Read(string origin) => File.Exists(PathOf(origin)) && Checkpoint.TryParse(File.ReadAllBytes(PathOf(origin)), out var checkpoint, out _) ? checkpoint : null;

    private string PathOf(string origin) => Path.Combine(folder, TrustedLog.FolderOf(origin));
}
