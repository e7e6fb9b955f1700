using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Store;

/// <summary>Everything but flow metadata: incidents, mitigations and their receipts, sensors, and who did what.</summary>
internal interface IDecisionStore : IDisposable
{
    /// <summary>Runs changes in one durable transaction; they are all there or none is.</summary>
    T Change<T>(Func<IDecisionChange, T> change);

    /// <summary>An incident with what of its evidence can be read: less of it never proves more.</summary>
    Incident? FindIncident(long id);

    IReadOnlyList<Incident> Incidents(UnixMilliseconds since, int max);

    Mitigation? FindMitigation(string id);

    /// <summary>The open mitigations of a target, direction and step: at most one that people have in hand, and what partners ask for.</summary>
    IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, MitigationStep step);

    /// <summary>The open mitigations of a target and direction that somebody proposed; their own fields only.</summary>
    IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, string proposedBy);

    /// <summary>How many drafts of somebody wait.</summary>
    long CountDrafts(string proposedBy);

    /// <summary>The newest first; those that still act or wait when <paramref name="openOnly"/>.</summary>
    IReadOnlyList<Mitigation> Mitigations(bool openOnly, int max);

    /// <summary>All that act or wait, with as much as is needed of each.</summary>
    IReadOnlyList<Mitigation> OpenMitigations(MitigationParts parts);

    /// <summary>Why each mitigation that was met and could not be read could not, by its id. They are in no answer: one damaged row keeps none of the others from being read.</summary>
    IReadOnlyDictionary<string, string> Unreadable { get; }

    /// <summary>Whether a mitigation of an incident was taken back, by somebody or by itself.</summary>
    bool WasTurnedDown(long incident);

    /// <summary>Whose activations are stopped.</summary>
    IReadOnlyList<Hold> Holds();

    /// <summary>A partner's command by the partner's id for it.</summary>
    FiledCommand? FindCommand(OperatorId producer, string command);

    /// <summary>A partner's command by its rule number.</summary>
    FiledCommand? FindCommand(long ruleNumber);

    /// <summary>What sensors last said of each category of the blocklist.</summary>
    IReadOnlyList<(string Category, MitigationReceipt Receipt)> ListReceipts();

    /// <summary>What sensors last said of themselves; one whose row cannot be read is not known until it says it again.</summary>
    IReadOnlyList<SensorRecord> Sensors();

    /// <summary>What was done, the newest first; <see cref="AuditEntry.Unreadable"/> in the place of what cannot be read.</summary>
    IReadOnlyList<AuditEntry> Audit(int max);

    /// <summary>What was done after an entry, in its order; <see cref="AuditEntry.Unreadable"/> in the place of what cannot be read, so that nothing is left out unseen.</summary>
    IReadOnlyList<(long Id, AuditEntry Entry)> AuditAfter(long id, int max);

    /// <summary>A named number: a watermark or a revision; 0 where it was never set.</summary>
    long Number(string name);
}

/// <summary>How much of a mitigation is read.</summary>
internal enum MitigationParts
{
    /// <summary>Its own fields; no estimate, approvals, complaints or receipts.</summary>
    Bare,

    /// <summary>What its place in the rule set is made of: also the estimate and the approvals.</summary>
    Rule,

    /// <summary>Everything.</summary>
    Whole,
}

/// <summary>What a transaction on the decisions may do; valid inside <see cref="IDecisionStore.Change{T}"/> only.</summary>
internal interface IDecisionChange
{
    Incident? OpenIncident(string indicator, UnixMilliseconds notOlderThan);

    Incident? FindIncident(long id);

    /// <summary>Inserts when the id is 0, and gives the incident with its id.</summary>
    Incident Save(Incident incident);

    Mitigation? FindMitigation(string id);

    /// <summary>Without its complaints, and of the receipts that sensor's alone: each sensor of a fleet sends its own, and none is to cost more for all the others.</summary>
    Mitigation? FindMitigation(string id, SensorName receiptOf);

    /// <summary>All that act or wait, without their complaints and receipts.</summary>
    IReadOnlyList<Mitigation> OpenMitigations();

    /// <summary>With its approvals; complaints and receipts are saved by themselves.</summary>
    void Save(Mitigation mitigation);

    /// <summary>Ends a mitigation that cannot be read; false when it acts or waits no more.</summary>
    bool EndUnreadable(string id, string by, UnixMilliseconds at, string reason);

    /// <summary>Takes a yes away that counts no more.</summary>
    void RemoveApproval(string mitigation, string who);

    void SaveComplaint(string mitigation, Complaint complaint);

    IReadOnlyList<Hold> Holds();

    void SaveHold(Hold hold);

    /// <summary>False when there was none.</summary>
    bool RemoveHold(string issuer);

    void SaveReceipt(string mitigation, MitigationReceipt receipt);

    /// <summary>Files a partner's command; the one that is filed when it was before. Of each partner the last <see cref="FiledCommand.MaxOfProducer"/> stay, and those of what is still open.</summary>
    FiledCommand FileCommand(OperatorId producer, string command, string digest, string mitigation, UnixMilliseconds at);

    /// <summary>Lets the commands that asked for one mitigation stand for another.</summary>
    void Refile(string from, string to);

    /// <summary>Whether a sensor has said something of a category of the blocklist.</summary>
    bool HasListReceipt(string category, SensorName sensor);

    /// <summary>What a sensor says of a category of the blocklist.</summary>
    void SaveListReceipt(string category, MitigationReceipt receipt);

    void Save(SensorRecord sensor);

    void Audit(AuditEntry entry);

    void SetNumber(string name, long value);
}

/// <summary>What a sensor last said of itself.</summary>
internal sealed record SensorRecord
{
    public required SensorName Name { get; init; }

    public required StatusMessage Status { get; init; }

    /// <summary>When the hub received it.</summary>
    public required UnixMilliseconds ReceivedAt { get; init; }
}

/// <summary>Who did what, when.</summary>
internal sealed record AuditEntry(UnixMilliseconds At, string Who, string What, string Subject, string Detail)
{
    /// <summary>What it says when data was destroyed because its time was over.</summary>
    public const string Dispose = "dispose";

    /// <summary>What it says when a sensor's figures of a mitigation cannot be.</summary>
    public const string Disbelieve = "disbelieve";

    /// <summary>What it says when a sensor refused an update.</summary>
    public const string RefuseUpdate = "refuse-update";

    /// <summary>What is said in the place of a row that cannot be read: of nobody, about the row, at 0 where the time is what cannot be read.</summary>
    public const string Unreadable = "unreadable";
}
