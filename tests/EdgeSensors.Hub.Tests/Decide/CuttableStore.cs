using EdgeSensors.Hub.Correlate;
using EdgeSensors.Hub.Decide;
using EdgeSensors.Hub.OpenC2;
using EdgeSensors.Hub.Store;
using EdgeSensors.Protocol;
using EdgeSensors.Trust.Documents;

namespace EdgeSensors.Hub.Tests.Decide;

/// <summary>The real store, whose transactions can be cut off before any of their writes, and just before the commit.</summary>
internal sealed class CuttableStore(string path) : IDecisionStore
{
    private readonly SqliteDecisionStore _store = new(path);

    /// <summary>The write, from 1, before which the next transaction ends; beyond the last write it ends before the commit. 0: never.</summary>
    public int CutOffAt { get; set; }

    public T Change<T>(Func<IDecisionChange, T> change) => _store.Change(inner =>
    {
        var cut = new Cut(inner, CutOffAt, found => ReceiptsRead += found?.Receipts.Count ?? 0);
        var result = change(cut);
        if (CutOffAt > 0 && cut.Writes > 0)
        {
            throw new CutOffException();
        }

        return result;
    });

    public Incident? FindIncident(long id) => _store.FindIncident(id);

    public IReadOnlyList<Incident> Incidents(UnixMilliseconds since, int max) => _store.Incidents(since, max);

    public Mitigation? FindMitigation(string id) => _store.FindMitigation(id);

    public IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, MitigationStep step) => _store.FindOpen(target, direction, step);

    public IReadOnlyList<Mitigation> FindOpen(SlpfTarget target, SlpfDirection direction, string proposedBy) => _store.FindOpen(target, direction, proposedBy);

    public long CountDrafts(string proposedBy) => _store.CountDrafts(proposedBy);

    public IReadOnlyList<Mitigation> Mitigations(bool openOnly, int max) => _store.Mitigations(openOnly, max);

    public IReadOnlyList<Mitigation> OpenMitigations(MitigationParts parts) => _store.OpenMitigations(parts);

    public IReadOnlyDictionary<string, string> Unreadable => _store.Unreadable;

    public bool WasTurnedDown(long incident) => _store.WasTurnedDown(incident);

    /// <summary>Happens between the reading of the holds and its answer, outside of transactions.</summary>
    public Action AfterHolds { get; set; } = static () => { };

    public IReadOnlyList<Hold> Holds()
    {
        var holds = _store.Holds();
        AfterHolds();
        return holds;
    }

    public FiledCommand? FindCommand(OperatorId producer, string command) => _store.FindCommand(producer, command);

    public FiledCommand? FindCommand(long ruleNumber) => _store.FindCommand(ruleNumber);

    public IReadOnlyList<(string Category, MitigationReceipt Receipt)> ListReceipts() => _store.ListReceipts();

    /// <summary>How many receipts were read with their mitigations inside of transactions.</summary>
    public long ReceiptsRead { get; private set; }

    /// <summary>How often all sensors were read.</summary>
    public int SensorReads { get; private set; }

    public IReadOnlyList<SensorRecord> Sensors()
    {
        SensorReads++;
        return _store.Sensors();
    }

    public IReadOnlyList<AuditEntry> Audit(int max) => _store.Audit(max);

    public IReadOnlyList<(long Id, AuditEntry Entry)> AuditAfter(long id, int max) => _store.AuditAfter(id, max);

    /// <summary>Happens before a number is read.</summary>
    public Action<string> BeforeNumber { get; set; } = static _ => { };

    public long Number(string name)
    {
        BeforeNumber(name);
        return _store.Number(name);
    }

    public void Dispose() => _store.Dispose();

    private sealed class Cut(IDecisionChange inner, int at, Action<Mitigation?> found) : IDecisionChange
    {
        public int Writes { get; private set; }

        public Incident? FindIncident(long id) => inner.FindIncident(id);

        public Incident? OpenIncident(string indicator, UnixMilliseconds notOlderThan) => inner.OpenIncident(indicator, notOlderThan);

        public Mitigation? FindMitigation(string id) => Found(inner.FindMitigation(id));

        public Mitigation? FindMitigation(string id, SensorName receiptOf) => Found(inner.FindMitigation(id, receiptOf));

        public IReadOnlyList<Mitigation> OpenMitigations() => inner.OpenMitigations();

        public IReadOnlyList<Hold> Holds() => inner.Holds();

        public bool HasListReceipt(string category, SensorName sensor) => inner.HasListReceipt(category, sensor);

        public bool EndUnreadable(string id, string by, UnixMilliseconds at, string reason)
        {
            Write();
            return inner.EndUnreadable(id, by, at, reason);
        }

        public void RemoveApproval(string mitigation, string who)
        {
            Write();
            inner.RemoveApproval(mitigation, who);
        }

        public void Refile(string from, string to)
        {
            Write();
            inner.Refile(from, to);
        }

        public Incident Save(Incident incident)
        {
            Write();
            return inner.Save(incident);
        }

        public void Save(Mitigation mitigation)
        {
            Write();
            inner.Save(mitigation);
        }

        public void SaveReceipt(string mitigation, MitigationReceipt receipt)
        {
            Write();
            inner.SaveReceipt(mitigation, receipt);
        }

        public FiledCommand FileCommand(OperatorId producer, string command, string digest, string mitigation, UnixMilliseconds at)
        {
            Write();
            return inner.FileCommand(producer, command, digest, mitigation, at);
        }

        public void SaveListReceipt(string category, MitigationReceipt receipt)
        {
            Write();
            inner.SaveListReceipt(category, receipt);
        }

        public void SaveComplaint(string mitigation, Complaint complaint)
        {
            Write();
            inner.SaveComplaint(mitigation, complaint);
        }

        public void Save(SensorRecord sensor)
        {
            Write();
            inner.Save(sensor);
        }

        public void SaveHold(Hold hold)
        {
            Write();
            inner.SaveHold(hold);
        }

        public bool RemoveHold(string issuer)
        {
            Write();
            return inner.RemoveHold(issuer);
        }

        public void Audit(AuditEntry entry)
        {
            Write();
            inner.Audit(entry);
        }

        public void SetNumber(string name, long value)
        {
            Write();
            inner.SetNumber(name, value);
        }

        private Mitigation? Found(Mitigation? mitigation)
        {
            found(mitigation);
            return mitigation;
        }

        private void Write()
        {
            if (++Writes == at)
            {
                throw new CutOffException();
            }
        }
    }
}
