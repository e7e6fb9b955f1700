using EdgeSensors.Firmware.Trust;
using EdgeSensors.Firmware.Update;

namespace EdgeSensors.Firmware.Run;

/// <summary>When the hub is asked for updates, after a pause that grows where one was not taken; and which refusals the hub is told of.</summary>
internal sealed class UpdateSchedule
{
    private const long SecondUs = 1_000_000;
    private const long FirstUpdateUs = 20 * SecondUs;
    private const long FirstRetryUs = 30 * SecondUs;
    private const long LongestRetryUs = 3_600 * SecondUs;

    private readonly UpdateSession _updates;
    private readonly TrustedTime _time;
    private readonly TapLimits _limits;
    private int _completed;
    private bool _updating;
    private bool _checkedStored;
    private long _updateUs;
    private long _earliestUs;
    private long _retryUs = FirstRetryUs;
    private long _toldVersion = -1;
    private string? _toldRefused;

    /// <summary>The schedule of a session.</summary>
    public UpdateSchedule(UpdateSession updates, TrustedTime time, TapLimits limits)
    {
        _updates = updates;
        _time = time;
        _limits = limits;
    }

    /// <summary>Why the last update was not taken, or not wholly; null if it was.</summary>
    public string? Refused { get; private set; }

    /// <summary>Whether an update has ended that was not looked at yet.</summary>
    public bool HasEnded => _updates.Completed != _completed || (!_updates.IsBusy && _updates.Fault != TufFault.None && _updating);

    /// <summary>Begins with what lies in flash.</summary>
    public void Start(long nowUs)
    {
        _updateUs = nowUs + FirstUpdateUs;
        _updates.BeginStored();
    }

    /// <summary>Begins what is due. True if what was in force has turned out to be expired.</summary>
    public bool Check(long nowUs, bool isConnected)
    {
        bool withdrawn = false;
        long now = _time.UnixMs;
        if (_time.IsTrusted && !_checkedStored)
        {
            // What lay in flash was verified by the floor alone: now it shows whether it has expired.
            _checkedStored = true;
            withdrawn = now >= _updates.Tuf.ExpiresMs;
            if (withdrawn)
            {
                _updates.Withdraw();
            }
        }

        if (_updates.List != null && now >= _updates.List.NextExpiryMs)
        {
            _updates.BeginReload();
        }
        else if (isConnected && nowUs >= (_updates.HasNews ? _earliestUs : _updateUs))
        {
            _updating = true;
            _updates.BeginUpdate();
        }

        return withdrawn;
    }

    /// <summary>Looks at the update that has ended. True if it was taken, so that what is in force may have changed.</summary>
    /// <param name="nowUs">The clock.</param>
    /// <param name="isNews">Whether the hub is to be told.</param>
    public bool Take(long nowUs, out bool isNews)
    {
        bool taken = _updates.Completed != _completed;
        bool asked = _updating;
        _earliestUs = nowUs + SecondUs;
        _completed = _updates.Completed;
        _updating = false;
        TufFault fault = taken ? _updates.DocumentFault : _updates.Fault;
        Refused = fault == TufFault.None ? null : TufFaults.Token(fault);
        if (taken)
        {
            _retryUs = FirstRetryUs;
            _updateUs = nowUs + 1_000L * _limits.RefreshMs;
            _checkedStored = asked;
        }
        else
        {
            _updateUs = nowUs + _retryUs;
            _retryUs = _retryUs < LongestRetryUs ? 2 * _retryUs : _retryUs;
        }

        // Told once for each version or reason; a hub that cannot be reached has refused nothing.
        isNews = asked && fault != TufFault.Unreachable && (_updates.Tuf.TimestampVersion != _toldVersion || Refused != _toldRefused);
        if (isNews)
        {
            _toldVersion = _updates.Tuf.TimestampVersion;
            _toldRefused = Refused;
        }

        return taken;
    }
}
