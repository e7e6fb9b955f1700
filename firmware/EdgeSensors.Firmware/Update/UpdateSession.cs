using EdgeSensors.Firmware.Blocklist;
using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Sealing;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Trust;

namespace EdgeSensors.Firmware.Update;

/// <summary>
/// Brings the tap up to date: metadata, authorisation, blocklist, each verified before it is used and kept in flash in the half of its slot that is not
/// in force. One record then makes all of them the ones in force, so that a power cut leaves the old state or the new. At a start the same checks
/// are made on what lies in flash, so nothing is trusted because it is there. Every step is of bounded work.
/// </summary>
internal sealed class UpdateSession
{
    private const int LoadedAStep = 2_048;
    private const int HashedAStep = 256;
    private const string KeyInfo = "EdgeSensors pseudonym key v1";

    private readonly IFlash _flash;
    private readonly TapState _state;
    private readonly TapIdentity _identity;
    private readonly TrustedTime _time;
    private readonly byte[] _buffer;
    private readonly TufClient _tuf;
    private readonly WantedTarget _authorization;
    private readonly WantedTarget _list;
    private readonly WantedTarget _delta;
    private readonly DeltaApplier _applier;
    private readonly string _tier;
    private readonly ChunkFetch _fetch;
    private readonly FlashWriter _writer;
    private readonly BlocklistLoader _loader;
    private readonly HpkeOpener _opener;
    private readonly Sha256 _hash = new Sha256();
    private readonly byte[] _digest = new byte[Sha256.DigestSize];

    // What lies in the halves that are not in force, verified; kept through refused updates, as the client does not want it again.
    private readonly FileReference[] _pending = new FileReference[FlashMap.Slots];
    private readonly FileReference _inForce = new FileReference();
    private readonly byte[] _binding;
    private AuthorizationReader _candidate = new AuthorizationReader();

    private UpdateStage _stage = UpdateStage.Idle;
    private bool _online;
    private bool _anchoring;
    private bool _triedStoredRoot;
    private byte[]? _notice;
    private byte[]? _usedNotice;
    private bool _loadingDocument;
    private bool _loadingProof;
    private byte[] _target;
    private int _slot;
    private int _address;
    private int _length;
    private int _done;
    private bool _hasCandidate;
    private bool _listChanged;
    private ListedAddresses? _newList;
    private bool _nothingListed;
    private bool _pieceWritten;
    private bool _hasAgreed;
    private int _bindingLength;
    private bool _isDelta;
    private bool _proofKept;

    /// <summary>A session for one tap.</summary>
    /// <param name="flash">The chip.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="identity">The enrolment.</param>
    /// <param name="link">The way to the hub.</param>
    /// <param name="time">The trusted time.</param>
    /// <param name="buffer">Holds a metadata file or a document.</param>
    /// <param name="listCapacity">The most entries of the blocklist.</param>
    /// <param name="witnessed">Whether a root without a witness policy is refused.</param>
    public UpdateSession(IFlash flash, TapState state, TapIdentity identity, IHubLink link, TrustedTime time, byte[] buffer, int listCapacity, bool witnessed)
    {
        _flash = flash;
        _state = state;
        _identity = identity;
        _time = time;
        _buffer = buffer;
        _target = buffer;
        DelegatedRole authorizations = new DelegatedRole("authorizations-" + identity.Operator);
        DelegatedRole blocklists = new DelegatedRole("blocklists");
        _authorization = new WantedTarget("authorizations/" + identity.Operator + "/" + identity.Sensor + ".json", authorizations);
        _tier = "blocklists/at-most-" + listCapacity.ToString();
        _list = new WantedTarget(_tier + ".snapshot", blocklists);
        _delta = new WantedTarget("", blocklists);
        _applier = new DeltaApplier(flash, listCapacity, buffer);
        DelegatedRole[] roles = { authorizations, blocklists };
        WantedTarget[] wanted = { _authorization, _list, _delta };
        _tuf = new TufClient(buffer, roles, wanted, new Ed25519Verifier(), witnessed);
        _fetch = new ChunkFetch(link);
        _writer = new FlashWriter(flash);
        _loader = new BlocklistLoader(flash, listCapacity);
        _opener = new HpkeOpener(identity.SealingKey);
        _binding = new byte[2 * 63 + 2 + 64];
        for (int i = 0; i < _pending.Length; i++)
        {
            _pending[i] = new FileReference();
        }
    }

    /// <summary>The metadata client, for what it has counted.</summary>
    public TufClient Tuf => _tuf;

    /// <summary>Octets written and sectors erased.</summary>
    public FlashWriter Writer => _writer;

    /// <summary>What it is doing.</summary>
    public UpdateStage Stage => _stage;

    /// <summary>Whether it is doing anything.</summary>
    public bool IsBusy => _stage != UpdateStage.Idle;

    /// <summary>Why the last update was not taken; none if it was.</summary>
    public TufFault Fault { get; private set; }

    /// <summary>What could not be read of an update that was taken otherwise; none if all could.</summary>
    public TufFault DocumentFault { get; private set; }

    /// <summary>The authorisation that verified; null for none.</summary>
    public AuthorizationReader? Authorization { get; private set; }

    /// <summary>Its pseudonym key, opened; null for none.</summary>
    public byte[]? PseudonymKey { get; private set; }

    /// <summary>What is listed; null for nothing.</summary>
    public ListedAddresses? List { get; private set; }

    /// <summary>Counts updates that were taken whole, and starts from flash: when it changes, what is in force may have.</summary>
    public int Completed { get; private set; }

    /// <summary>Blocklists that were made from deltas, since the start.</summary>
    public int DeltasApplied { get; private set; }

    /// <summary>Whether the newest notice of the hub was not looked at yet.</summary>
    public bool HasNews => _notice != null && _notice != _usedNotice;

    /// <summary>The hub has said what is newest; its word only makes the tap look.</summary>
    public void Announce(byte[] timestamp)
    {
        if (timestamp.Length <= TufClient.MaxUnsignedLength && (_notice == null || _notice.Length != timestamp.Length || !Hex.Same(_notice, 0, timestamp, 0, timestamp.Length)))
        {
            _notice = timestamp;
        }
    }

    /// <summary>A part of an update has come.</summary>
    public void TakeChunk(byte[] payload)
    {
        _fetch.Take(payload);
    }

    /// <summary>Verifies what lies in flash, without the hub.</summary>
    public void BeginStored()
    {
        _online = false;
        _anchoring = true;
        _triedStoredRoot = false;
        Begin();
        _tuf.BeginAnchor();
    }

    /// <summary>Asks the hub for what is newest.</summary>
    public void BeginUpdate()
    {
        _online = true;
        _anchoring = false;
        Begin();
        _usedNotice = _notice;
        _delta.Path = _state.Files[FlashMap.BlocklistSlot].IsSet ? _tier + ".from-" + _state.BlocklistVersion.ToString() + ".delta" : "";
        _tuf.Begin(Now(), online: true);
    }

    /// <summary>The hub is away: what was being fetched is given up.</summary>
    public void LinkLost()
    {
        if (_stage == UpdateStage.Fetching || _stage == UpdateStage.FetchingList)
        {
            _fetch.Abandon();
            Refuse(TufFault.Unreachable);
        }
    }

    /// <summary>Takes out of force what was verified, as when it has turned out to be expired.</summary>
    public void Withdraw()
    {
        Authorization = null;
        PseudonymKey = null;
        List = null;
        _inForce.Clear();
    }

    /// <summary>Reads the list that is in force out of flash again, as when part of it has expired.</summary>
    public void BeginReload()
    {
        if (_stage == UpdateStage.Idle && _state.Files[FlashMap.BlocklistSlot].IsSet)
        {
            _online = false;
            _anchoring = false;
            Begin();
            _hasCandidate = Authorization != null;
            _candidate = Authorization ?? _candidate;
            BeginLoadList(_state.Halves[FlashMap.BlocklistSlot], _state.Files[FlashMap.BlocklistSlot].Length);
        }
    }

    /// <summary>One slice of work. False when there is nothing to do now.</summary>
    public bool Step()
    {
        if (_stage == UpdateStage.Idle || _flash.IsBusy)
        {
            return false;
        }

        switch (_stage)
        {
            case UpdateStage.Metadata: StepMetadata(); return true;
            case UpdateStage.Loading: StepLoad(); return true;
            case UpdateStage.Fetching: return StepFetch();
            case UpdateStage.KeepingMetadata: StepKeepMetadata(); return true;
            case UpdateStage.HashingDocument: StepHashDocument(); return true;
            case UpdateStage.ReadingDocument: StepReadDocument(); return true;
            case UpdateStage.OpeningKey: StepOpenKey(); return true;
            case UpdateStage.KeepingDocument: StepKeepDocument(); return true;
            case UpdateStage.FetchingList: return StepFetchList();
            case UpdateStage.ApplyingDelta: StepApplyDelta(); return true;
            case UpdateStage.KeepingList: StepKeepList(); return true;
            case UpdateStage.LoadingList: StepLoadList(); return true;
            default: StepSave(); return true;
        }
    }

    private long Now()
    {
        return _time.UnixMs;
    }

    private void Begin()
    {
        Fault = TufFault.None;
        DocumentFault = TufFault.None;
        _stage = UpdateStage.Metadata;
        _hasCandidate = false;
        _listChanged = false;
        _newList = null;
        _nothingListed = false;
        _pieceWritten = false;
    }

    private void Refuse(TufFault fault)
    {
        Fault = fault;
        _stage = UpdateStage.Idle;
    }

    private void StepMetadata()
    {
        if (_tuf.Step())
        {
            return;
        }

        switch (_tuf.Phase)
        {
            case TufPhase.Wanting: Provide(); break;
            case TufPhase.WantingProof: ProvideProof(); break;
            case TufPhase.Keeping: KeepMetadata(); break;
            case TufPhase.Done: BeginDocument(); break;
            default: AfterAnchor(); break;
        }
    }

    /// <summary>The client has stopped: the anchor was read, or something was refused.</summary>
    private void AfterAnchor()
    {
        if (_anchoring && _tuf.Fault != TufFault.None && !_triedStoredRoot)
        {
            // A damaged root in flash must not lock the tap out: the enrolment's is there.
            _triedStoredRoot = true;
            _tuf.BeginAnchor();
        }
        else if (_anchoring && _tuf.Fault == TufFault.None)
        {
            _anchoring = false;
            if (_state.Files[TufClient.Timestamp].IsSet)
            {
                _tuf.Begin(Now(), online: false);
            }
            else
            {
                _stage = UpdateStage.Idle;
                Completed++;
            }
        }
        else
        {
            Refuse(_tuf.Fault);
        }
    }

    /// <summary>Where the wanted file comes from: flash, where it lies there; what the hub has announced; or the hub.</summary>
    private void Provide()
    {
        int item = _tuf.Item;
        if (_anchoring)
        {
            if (!_triedStoredRoot && _state.Files[TufClient.Root].IsSet)
            {
                BeginLoad(TufClient.Root, _state.Halves[TufClient.Root], _state.Files[TufClient.Root].Length);
                return;
            }

            _triedStoredRoot = true;
            System.Array.Copy(_identity.Root, 0, _buffer, 0, _identity.Root.Length);
            _tuf.Supply(_identity.Root.Length);
            return;
        }

        if (_tuf.Wanted.IsSet && _state.Files[item].SameFile(_tuf.Wanted))
        {
            BeginLoad(item, _state.Halves[item], _state.Files[item].Length);
        }
        else if (!_online)
        {
            if (item == TufClient.Timestamp)
            {
                BeginLoad(item, _state.Halves[item], _state.Files[item].Length);
            }
            else
            {
                _tuf.SupplyNothing();
            }
        }
        else if (item == TufClient.Timestamp && _usedNotice != null)
        {
            System.Array.Copy(_usedNotice, 0, _buffer, 0, _usedNotice.Length);
            _tuf.Supply(_usedNotice.Length);
        }
        else
        {
            int most = _tuf.Wanted.IsSet ? _tuf.Wanted.Length : TufClient.MaxUnsignedLength;
            BeginFetchByName(_tuf.WantedName, _tuf.Wanted.IsSet ? _tuf.Wanted.Length : -1, most);
        }
    }

    /// <summary>The proof of the file in the buffer: the one in flash where that file is the one in flash, or the hub's.</summary>
    private void ProvideProof()
    {
        FileReference stored = _state.Files[FlashMap.ProofSlot];
        bool isStored = _tuf.Item == TufClient.Timestamp && _state.Files[TufClient.Timestamp].IsSet && stored.IsSet && stored.Length <= LogProofVerifier.MaxOctets
            && Hex.Same(_state.Files[TufClient.Timestamp].Hash, 0, _tuf.Digest, 0, Sha256.DigestSize);
        if (isStored)
        {
            BeginLoad(FlashMap.ProofSlot, _state.Halves[FlashMap.ProofSlot], stored.Length);
        }
        else if (_online)
        {
            BeginFetchByName(_tuf.WantedName, -1, LogProofVerifier.MaxOctets);
        }
        else
        {
            _tuf.SupplyNothing();
            return;
        }

        _loadingProof = true;
        _target = _tuf.Proof.Buffer;
    }

    /// <summary>A file whose contents are not known by their hash is asked for by the hash of its name (docs/protocol.md).</summary>
    private void BeginFetchByName(string name, int length, int most)
    {
        _hash.Reset();
        for (int i = 0; i < name.Length; i++)
        {
            _digest[0] = (byte)name[i];
            _hash.Update(_digest, 0, 1);
        }

        _hash.Finish(_digest, 0);
        _fetch.Begin(_digest, length, most);
        _loadingDocument = false;
        _loadingProof = false;
        _target = _buffer;
        _stage = UpdateStage.Fetching;
    }

    private void BeginLoad(int slot, int half, int length)
    {
        _slot = slot;
        _address = FlashMap.AddressOf(slot, half);
        _length = length;
        _done = 0;
        _loadingDocument = slot == FlashMap.AuthorizationSlot;
        _loadingProof = false;
        _target = _buffer;
        _stage = UpdateStage.Loading;
    }

    private void StepLoad()
    {
        int count = _length - _done < LoadedAStep ? _length - _done : LoadedAStep;
        if (count > 0)
        {
            _flash.Read(_address + _done, _target, _done, count);
            _done += count;
        }

        if (_done == _length)
        {
            Loaded();
        }
    }

    private bool StepFetch()
    {
        _fetch.Step(_time.Microseconds);
        if (_fetch.PieceLength > 0)
        {
            System.Array.Copy(_fetch.Piece, _fetch.PieceStart, _target, _fetch.Received, _fetch.PieceLength);
            _fetch.Taken();
            return true;
        }

        if (_fetch.IsBusy)
        {
            return false;
        }

        if (_fetch.IsComplete)
        {
            _length = _fetch.TotalLength;
            Loaded();
        }
        else if (_fetch.Fault == TufFault.NotFound && !_loadingDocument)
        {
            _stage = UpdateStage.Metadata;
            _tuf.SupplyNothing();
        }
        else
        {
            _tuf.Abandon(_fetch.Fault);
            Refuse(_fetch.Fault);
        }

        return true;
    }

    private void Loaded()
    {
        if (_loadingDocument)
        {
            _hash.Reset();
            _done = 0;
            _stage = UpdateStage.HashingDocument;
        }
        else
        {
            _stage = UpdateStage.Metadata;
            if (_loadingProof)
            {
                _tuf.SupplyProof(_length);
            }
            else
            {
                _tuf.Supply(_length);
            }
        }
    }

    private void KeepMetadata()
    {
        int item = _tuf.Item;
        if (!_online || (_state.Files[item].IsSet && _state.Files[item].Length == _tuf.Length && Hex.Same(_state.Files[item].Hash, 0, _tuf.Digest, 0, Sha256.DigestSize)))
        {
            _pending[item].Clear();
            if (item == TufClient.Timestamp)
            {
                _pending[FlashMap.ProofSlot].Clear();
            }

            _tuf.Kept();
            return;
        }

        if (_tuf.Length > FlashMap.HalfSize(item))
        {
            _tuf.Abandon(TufFault.TooLarge);
            return;
        }

        _writer.Begin(FlashMap.AddressOf(item, 1 - _state.Halves[item]), _buffer, 0, _tuf.Length);
        _stage = UpdateStage.KeepingMetadata;
    }

    private void StepKeepMetadata()
    {
        if (!_writer.Step())
        {
            return;
        }

        _stage = UpdateStage.Metadata;
        if (_writer.Failed)
        {
            _tuf.Abandon(TufFault.Store);
            return;
        }

        int item = _tuf.Item;
        if (item == TufClient.Timestamp && _tuf.ProofLength > 0 && !_proofKept)
        {
            _proofKept = true;
            _writer.Begin(FlashMap.AddressOf(FlashMap.ProofSlot, 1 - _state.Halves[FlashMap.ProofSlot]), _tuf.Proof.Buffer, 0, _tuf.ProofLength);
            _stage = UpdateStage.KeepingMetadata;
            return;
        }

        if (_proofKept)
        {
            // The proof goes with its timestamp and has no hash of its own: it is verified each time it is read.
            _proofKept = false;
            _pending[FlashMap.ProofSlot].Set(_tuf.Digest, _tuf.ProofLength, 0);
        }

        int length = _tuf.Length;
        System.Array.Copy(_tuf.Digest, 0, _digest, 0, _digest.Length);
        _tuf.Kept();
        _pending[item].Set(_digest, length, _tuf.FileOf(item).Version);
    }

    private void BeginDocument()
    {
        FileReference file = _authorization.File;
        FileReference stored = _state.Files[FlashMap.AuthorizationSlot];
        if (!file.IsSet)
        {
            BeginList(); // not listed: there is no authorisation
        }
        else if (file.Length > FlashMap.MostDocument)
        {
            DocumentFault = TufFault.TooLarge;
            BeginList();
        }
        else if (Authorization != null && _inForce.SameFile(file))
        {
            _candidate = Authorization;
            _hasCandidate = true;
            BeginList();
        }
        else if (stored.SameFile(file))
        {
            _pending[FlashMap.AuthorizationSlot].Clear();
            BeginLoad(FlashMap.AuthorizationSlot, _state.Halves[FlashMap.AuthorizationSlot], file.Length);
        }
        else if (!_online)
        {
            Refuse(TufFault.NotFound);
        }
        else
        {
            _fetch.Begin(file.Hash, file.Length, FlashMap.MostDocument);
            _loadingDocument = true;
            _loadingProof = false;
            _target = _buffer;
            _stage = UpdateStage.Fetching;
        }
    }

    private void StepHashDocument()
    {
        int count = _length - _done < HashedAStep ? _length - _done : HashedAStep;
        _hash.Update(_buffer, _done, count);
        _done += count;
        if (_done < _length)
        {
            return;
        }

        _hash.Finish(_digest, 0);
        if (!Hex.Same(_digest, 0, _authorization.File.Hash, 0, _digest.Length))
        {
            Refuse(TufFault.HashMismatch);
            return;
        }

        if (_candidate == Authorization)
        {
            _candidate = new AuthorizationReader(); // what is in force stays as it is until the other is
        }

        _candidate.Begin(_buffer, _length, _identity.Operator, _identity.Sensor);
        _stage = UpdateStage.ReadingDocument;
    }

    private void StepReadDocument()
    {
        if (!_candidate.Step(out bool good))
        {
            return;
        }

        if (!good)
        {
            DocumentFault = TufFault.DocumentMalformed; // it counts as not there
            BeginList();
        }
        else if (_candidate.HasKey)
        {
            _opener.Begin(_candidate.Encapsulated);
            _hasAgreed = false;
            _stage = UpdateStage.OpeningKey;
        }
        else
        {
            AcceptDocument();
        }
    }

    private void StepOpenKey()
    {
        if (!_hasAgreed)
        {
            if (_opener.StepAgree())
            {
                _hasAgreed = true;
                string binding = _identity.Operator + "/" + _identity.Sensor + "/" + _candidate.Id;
                _bindingLength = binding.Length;
                for (int i = 0; i < binding.Length; i++)
                {
                    _binding[i] = (byte)binding[i];
                }
            }

            return;
        }

        if (!_opener.StepOpen(KeyInfo, _binding, _bindingLength, _candidate.Sealed, Pseudonymizer.KeySize, out bool good))
        {
            return;
        }

        if (good)
        {
            AcceptDocument();
        }
        else
        {
            DocumentFault = TufFault.DocumentMalformed;
            BeginList();
        }
    }

    private void AcceptDocument()
    {
        _hasCandidate = true;
        if (_state.Files[FlashMap.AuthorizationSlot].SameFile(_authorization.File))
        {
            BeginList();
            return;
        }

        _writer.Begin(FlashMap.AddressOf(FlashMap.AuthorizationSlot, 1 - _state.Halves[FlashMap.AuthorizationSlot]), _buffer, 0, _length);
        _stage = UpdateStage.KeepingDocument;
    }

    private void StepKeepDocument()
    {
        if (!_writer.Step())
        {
            return;
        }

        if (_writer.Failed)
        {
            Refuse(TufFault.Store);
            return;
        }

        _pending[FlashMap.AuthorizationSlot].CopyFrom(_authorization.File);
        BeginList();
    }

    private void BeginList()
    {
        FileReference file = _list.File;
        FileReference stored = _state.Files[FlashMap.BlocklistSlot];
        if (!file.IsSet)
        {
            _nothingListed = true;
            Commit();
        }
        else if (stored.SameFile(file))
        {
            _pending[FlashMap.BlocklistSlot].Clear();
            if (List != null)
            {
                Commit();
            }
            else
            {
                BeginLoadList(_state.Halves[FlashMap.BlocklistSlot], file.Length);
            }
        }
        else if (file.Length > FlashMap.MostBlocklist)
        {
            DocumentFault = TufFault.TooLarge;
            Commit();
        }
        else if (!_online)
        {
            Refuse(TufFault.NotFound);
        }
        else if (_delta.File.IsSet && stored.IsSet && _delta.File.Length <= FlashMap.MostDelta && file.Length <= _buffer.Length)
        {
            BeginFetchList(_delta.File, FlashMap.MostBlocklist - FlashMap.MostDelta);
            _isDelta = true;
        }
        else
        {
            BeginFetchList(file, 0);
        }
    }

    /// <summary>Into the half that is not in force: a delta at its end, so that the snapshot which is made of it has room before it.</summary>
    private void BeginFetchList(FileReference file, int offset)
    {
        _fetch.Begin(file.Hash, file.Length, FlashMap.MostBlocklist);
        _hash.Reset();
        _done = 0;
        _isDelta = false;
        _pieceWritten = false;
        _address = FlashMap.AddressOf(FlashMap.BlocklistSlot, 1 - _state.Halves[FlashMap.BlocklistSlot]) + offset;
        _stage = UpdateStage.FetchingList;
    }

    private void StepApplyDelta()
    {
        if (!_applier.Step(out bool good))
        {
            return;
        }

        if (!good || _applier.Length != _list.File.Length)
        {
            BeginFetchList(_list.File, 0); // whatever is wrong with it, the snapshot is what counts
            return;
        }

        _hash.Reset();
        _done = 0;
        _stage = UpdateStage.KeepingList;
    }

    private void StepKeepList()
    {
        if (_writer.IsBusy)
        {
            if (!_writer.Step())
            {
                return;
            }

            if (_writer.Failed)
            {
                Refuse(TufFault.Store);
            }
            else
            {
                BeginLoadList(1 - _state.Halves[FlashMap.BlocklistSlot], _list.File.Length);
            }

            return;
        }

        int count = _applier.Length - _done < HashedAStep ? _applier.Length - _done : HashedAStep;
        _hash.Update(_buffer, _done, count);
        _done += count;
        if (_done < _applier.Length)
        {
            return;
        }

        _hash.Finish(_digest, 0);
        if (Hex.Same(_digest, 0, _list.File.Hash, 0, _digest.Length))
        {
            DeltasApplied++;
            _writer.Begin(FlashMap.AddressOf(FlashMap.BlocklistSlot, 1 - _state.Halves[FlashMap.BlocklistSlot]), _buffer, 0, _applier.Length);
        }
        else
        {
            BeginFetchList(_list.File, 0);
        }
    }

    /// <summary>A piece is written page by page and hashed; then the next one is asked for.</summary>
    private bool StepFetchList()
    {
        if (_writer.IsBusy)
        {
            if (_writer.Step() && _writer.Failed)
            {
                _fetch.Abandon();
                Refuse(TufFault.Store);
            }

            return true;
        }

        if (_fetch.PieceLength > 0)
        {
            // Hashed in slices after it was written: _done runs behind what was received.
            int count = _fetch.PieceLength - (_done - _fetch.Received);
            if (count == _fetch.PieceLength && !_pieceWritten)
            {
                _pieceWritten = true;
                _writer.Begin(_address + _fetch.Received, _fetch.Piece, _fetch.PieceStart, _fetch.PieceLength);
                return true;
            }

            count = count < HashedAStep ? count : HashedAStep;
            _hash.Update(_fetch.Piece, _fetch.PieceStart + _done - _fetch.Received, count);
            _done += count;
            if (_done == _fetch.Received + _fetch.PieceLength)
            {
                _pieceWritten = false;
                _fetch.Taken();
            }

            return true;
        }

        _fetch.Step(_time.Microseconds);
        if (_fetch.IsBusy)
        {
            return false;
        }

        if (!_fetch.IsComplete)
        {
            if (_isDelta && _fetch.Fault != TufFault.Unreachable)
            {
                BeginFetchList(_list.File, 0);
            }
            else
            {
                Refuse(_fetch.Fault);
            }

            return true;
        }

        _hash.Finish(_digest, 0);
        if (_isDelta)
        {
            int half = _state.Halves[FlashMap.BlocklistSlot];
            bool good = Hex.Same(_digest, 0, _delta.File.Hash, 0, _digest.Length) && _applier.TryBegin(
                FlashMap.AddressOf(FlashMap.BlocklistSlot, half), _state.Files[FlashMap.BlocklistSlot].Length, _address, _delta.File.Length);
            if (good)
            {
                _stage = UpdateStage.ApplyingDelta;
            }
            else
            {
                BeginFetchList(_list.File, 0);
            }
        }
        else if (Hex.Same(_digest, 0, _list.File.Hash, 0, _digest.Length))
        {
            BeginLoadList(1 - _state.Halves[FlashMap.BlocklistSlot], _list.File.Length);
        }
        else
        {
            Refuse(TufFault.HashMismatch);
        }

        return true;
    }

    private void BeginLoadList(int half, int length)
    {
        _loader.Begin(FlashMap.AddressOf(FlashMap.BlocklistSlot, half), length, Now());
        _stage = UpdateStage.LoadingList;
    }

    private void StepLoadList()
    {
        if (!_loader.Step(out bool good))
        {
            return;
        }

        bool isNew = !_state.Files[FlashMap.BlocklistSlot].SameFile(_list.File) && _list.File.IsSet && _online;
        if (!good || (isNew && _loader.Version <= _state.BlocklistVersion))
        {
            DocumentFault = good ? TufFault.Rollback : TufFault.DocumentMalformed; // the old one stays as long as it holds
            _nothingListed = !isNew;
        }
        else
        {
            _newList = _loader.Result;
            _listChanged = true;
            if (isNew)
            {
                _pending[FlashMap.BlocklistSlot].CopyFrom(_list.File);
            }
        }

        Commit();
    }

    /// <summary>All is there and verified: the state says so in one record, if anything of it is new.</summary>
    private void Commit()
    {
        bool changed = false;
        bool newList = _listChanged && _pending[FlashMap.BlocklistSlot].IsSet;
        for (int i = 0; i < _pending.Length; i++)
        {
            if (_pending[i].IsSet && IsVerified(i))
            {
                _state.Files[i].CopyFrom(_pending[i]);
                _state.Halves[i] = (byte)(1 - _state.Halves[i]);
                _pending[i].Clear();
                changed = true;
            }
        }

        if (newList)
        {
            _state.BlocklistVersion = _loader.Version;
        }

        if (_tuf.Phase == TufPhase.Done)
        {
            _time.Raise(_tuf.TimestampExpiresMs - TrustedTime.TimestampLifetimeMs);
            _time.Raise(_tuf.WitnessedMs);
            _state.TimestampVersion = _tuf.TimestampVersion;
        }

        if (changed)
        {
            _state.TimeFloorMs = _time.FloorMs;
            _state.BeginSave();
            _stage = UpdateStage.Saving;
            return;
        }

        Adopt();
    }

    /// <summary>Whether what is pending in a slot is what was verified last.</summary>
    private bool IsVerified(int slot)
    {
        if (slot == FlashMap.AuthorizationSlot)
        {
            return _pending[slot].SameFile(_authorization.File);
        }

        if (slot == FlashMap.ProofSlot)
        {
            FileReference timestamp = _tuf.FileOf(TufClient.Timestamp);
            return timestamp.IsSet && Hex.Same(_pending[slot].Hash, 0, timestamp.Hash, 0, Sha256.DigestSize);
        }

        return slot == FlashMap.BlocklistSlot ? _pending[slot].SameFile(_list.File) : _pending[slot].SameFile(_tuf.FileOf(slot));
    }

    private void StepSave()
    {
        if (!_state.StepSave())
        {
            return;
        }

        if (_state.Writer.Failed)
        {
            _state.BeginSave(); // the next place
            return;
        }

        Adopt();
    }

    private void Adopt()
    {
        Authorization = _hasCandidate ? _candidate : null;
        _inForce.Clear();
        if (_hasCandidate)
        {
            _inForce.CopyFrom(_authorization.File);
        }

        PseudonymKey = Authorization != null && Authorization.HasKey ? Authorization.Sealed : null;
        if (_listChanged)
        {
            List = _newList;
        }
        else if (_nothingListed)
        {
            List = null;
        }

        _stage = UpdateStage.Idle;
        Completed++;
    }
}
