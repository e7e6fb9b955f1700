using EdgeSensors.Firmware.Platform;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.Firmware.Run;

/// <summary>
/// Takes an enrolment out of a serial line's octets and puts it into flash. The line may be noisy and anybody may hold its other end: what comes before
/// <c>ESTI</c> is passed over, nothing is kept that does not verify, and nothing of what came is ever sent back.
/// </summary>
internal sealed class EnrolmentReceiver
{
    /// <summary>A silence in the middle of an enrolment that ends it.</summary>
    public const int SilenceMs = 2_000;

    private readonly IFlash _flash;
    private readonly FlashWriter _writer;
    private readonly byte[] _octets = new byte[FlashMap.IdentitySize];
    private int _filled;
    private int _length;
    private long _lastMs;
    private bool _storing;

    /// <summary>Receives for a chip.</summary>
    public EnrolmentReceiver(IFlash flash)
    {
        _flash = flash;
        _writer = new FlashWriter(flash);
    }

    /// <summary>Takes octets of the line; what comes behind a whole enrolment, or while one is stored, is not looked at.</summary>
    public EnrolmentAnswer Take(byte[] octets, int count, long milliseconds)
    {
        EnrolmentAnswer answer = EnrolmentAnswer.None;
        _lastMs = milliseconds;
        for (int i = 0; i < count && !_storing && answer == EnrolmentAnswer.None; i++)
        {
            _octets[_filled++] = octets[i];
            answer = Look();
        }

        return answer;
    }

    /// <summary>One bounded step of what is left to do without octets.</summary>
    public EnrolmentAnswer Step(long milliseconds)
    {
        if (!_storing)
        {
            return _filled > 0 && milliseconds - _lastMs >= SilenceMs ? End(_filled < 4 ? EnrolmentAnswer.None : EnrolmentAnswer.Incomplete) : EnrolmentAnswer.None;
        }

        if (!_writer.Step())
        {
            return EnrolmentAnswer.None;
        }

        bool kept = !_writer.Failed && IdentityStore.Load(_flash) != null;
        return End(kept ? EnrolmentAnswer.Enrolled : EnrolmentAnswer.NotKept);
    }

    /// <summary>The line that answers.</summary>
    public static string Line(EnrolmentAnswer answer)
    {
        switch (answer)
        {
            case EnrolmentAnswer.Enrolled: return "enrolled\n";
            case EnrolmentAnswer.Incomplete: return "refused incomplete\n";
            case EnrolmentAnswer.TooLong: return "refused too-long\n";
            case EnrolmentAnswer.Damaged: return "refused damaged\n";
            case EnrolmentAnswer.Invalid: return "refused invalid\n";
            default: return "refused not-kept\n";
        }
    }

    private EnrolmentAnswer Look()
    {
        if (_filled <= 4)
        {
            // None of its letters comes twice, so an octet that does not belong can only begin it anew.
            if (_octets[_filled - 1] != Letter(_filled - 1))
            {
                _octets[0] = _octets[_filled - 1];
                _filled = _octets[0] == Letter(0) ? 1 : 0;
            }

            return EnrolmentAnswer.None;
        }

        if (_filled == IdentityStore.HeadSize)
        {
            _length = IdentityStore.LengthOf(_octets);
            return _length == 0 ? End(EnrolmentAnswer.TooLong) : EnrolmentAnswer.None;
        }

        if (_filled < IdentityStore.HeadSize || _filled < _length)
        {
            return EnrolmentAnswer.None;
        }

        if (!IdentityStore.IsWhole(_octets, _length))
        {
            return End(EnrolmentAnswer.Damaged);
        }

        if (IdentityStore.Read(_octets, _length) == null)
        {
            return End(EnrolmentAnswer.Invalid);
        }

        _storing = true;
        _writer.Begin(FlashMap.Identity, _octets, 0, _length);
        return EnrolmentAnswer.None;
    }

    private static byte Letter(int index)
    {
        return (byte)(IdentityStore.Magic >> (24 - 8 * index));
    }

    /// <summary>Waits for the next; private keys do not stay in memory.</summary>
    private EnrolmentAnswer End(EnrolmentAnswer answer)
    {
        System.Array.Clear(_octets, 0, _octets.Length);
        _filled = 0;
        _length = 0;
        _storing = false;
        return answer;
    }
}
