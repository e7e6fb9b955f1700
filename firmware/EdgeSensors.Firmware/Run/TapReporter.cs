using EdgeSensors.Firmware.Detect;
using EdgeSensors.Firmware.Outbox;
using EdgeSensors.Firmware.Report;
using EdgeSensors.Firmware.Select;
using EdgeSensors.Firmware.Store;
using EdgeSensors.Firmware.Update;

namespace EdgeSensors.Firmware.Run;

/// <summary>What the tap tells the hub, one message a step into the outbox: reports first, then alerts, receipts and its state. Without a trusted time no alert.</summary>
internal sealed class TapReporter
{
    private static readonly string[] Capabilities = { "biflow", "fan-out", "flood", "listed", "input-live" };

    private readonly FlashOutbox _outbox;
    private readonly TapMeter _meter;
    private readonly MeasurementWindow _window;
    private readonly FindingQueue _findings;
    private readonly UpdateSession _updates;
    private readonly UpdateSchedule _schedule;
    private readonly TapState _state;
    private readonly TrustedTime _time;
    private readonly AlertEncoder _alerts;
    private readonly Finding _finding = new Finding();
    private readonly CborWriter _small = new CborWriter(new byte[4 * 1024]);
    private bool _tellStatus;
    private bool _tellReceipt;

    /// <summary>Tells of the parts of a tap.</summary>
    /// <param name="outbox">Takes messages.</param>
    /// <param name="meter">What is measured.</param>
    /// <param name="window">The window of it.</param>
    /// <param name="findings">What was found.</param>
    /// <param name="updates">What is listed, and by which timestamp.</param>
    /// <param name="schedule">What was refused.</param>
    /// <param name="state">What is in force.</param>
    /// <param name="time">The trusted time.</param>
    public TapReporter(
        FlashOutbox outbox, TapMeter meter, MeasurementWindow window, FindingQueue findings, UpdateSession updates, UpdateSchedule schedule, TapState state, TrustedTime time)
    {
        _outbox = outbox;
        _meter = meter;
        _window = window;
        _findings = findings;
        _updates = updates;
        _schedule = schedule;
        _state = state;
        _time = time;
        _alerts = new AlertEncoder(meter.Pseudonymizer);
    }

    /// <summary>The state is to be told.</summary>
    public void TellStatus()
    {
        _tellStatus = true;
    }

    /// <summary>What became of the last update is to be told.</summary>
    public void TellReceipt()
    {
        _tellReceipt = true;
    }

    /// <summary>Begins one message, where the outbox is not writing. False when there is nothing to tell.</summary>
    public bool Step(long nowUs)
    {
        long now = _time.UnixMs;
        Authority authority = _meter.Authority;
        if (_window.IsOver)
        {
            if (_window.StepClose(nowUs, _outbox.Header, out CborWriter? report) && report!.Length > 0)
            {
                _outbox.BeginWrite(OutboxChannel.Report, report.Buffer, report.Length);
            }

            return true;
        }

        if (_findings.TryTake(_finding))
        {
            if (authority.IsInForce(now) && authority.AllowsRecords && _time.IsTrusted)
            {
                _finding.Sampled = _meter.Quality.SamplingSize != _meter.Quality.SamplingPopulation;
                Keep(OutboxChannel.Alert, _alerts.Write(_small, _outbox.Header, now, authority.Id!, _finding));
            }

            return true;
        }

        if (_tellReceipt)
        {
            _tellReceipt = false;
            Keep(OutboxChannel.Receipt, ReceiptEncoder.Write(_small, _outbox.Header, now, _updates.Tuf.TimestampVersion, Witness(), _schedule.Refused));
            return true;
        }

        if (_tellStatus)
        {
            _tellStatus = false;
            long listed = _updates.List == null ? 0 : _updates.List.Version;
            Authority? shown = _time.IsTrusted ? authority : null;
            Keep(OutboxChannel.Status, StatusEncoder.Write(_small, _outbox, now, Tap.Software, Capabilities, shown, listed, _state.TimestampVersion, Witness()));
            return true;
        }

        return false;
    }

    private string Witness()
    {
        string name = _updates.Tuf.Witness;
        return name.Length > 0 && name.Length <= 64 ? name : "none";
    }

    private void Keep(OutboxChannel channel, bool fits)
    {
        if (fits)
        {
            _outbox.BeginWrite(channel, _small.Buffer, _small.Length);
        }
    }
}
