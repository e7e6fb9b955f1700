using System.IO.Ports;
using EdgeSensors.Firmware.Run;
using EdgeSensors.Firmware.Store;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>Takes an enrolment from the serial line (115,200 baud, 8N1) as <see cref="IdentityStore"/> writes it, and answers with one line.</summary>
internal sealed class SerialEnrolment
{
    private readonly IFlash _flash;
    private readonly FlashWriter _writer;
    private readonly SerialPort _port;
    private readonly byte[] _octets = new byte[FlashMap.IdentitySize];
    private int _filled;

    /// <summary>Listens on a port, for a chip.</summary>
    public SerialEnrolment(string port, IFlash flash)
    {
        _flash = flash;
        _writer = new FlashWriter(flash);
        _port = new SerialPort(port, 115_200, Parity.None, 8, StopBits.One);
        _port.Open();
    }

    /// <summary>Takes what has come. True when an enrolment was stored: the module is to be restarted.</summary>
    public bool Step()
    {
        int waiting = _port.BytesToRead;
        if (waiting == 0)
        {
            return false;
        }

        int count = waiting < _octets.Length - _filled ? waiting : _octets.Length - _filled;
        _filled += _port.Read(_octets, _filled, count);
        if (_filled < IdentityStore.HeadSize)
        {
            return false;
        }

        int length = IdentityStore.LengthOf(_octets);
        if (length > _filled)
        {
            return false;
        }

        bool good = length > 0 && IdentityStore.Read(_octets, length) != null;
        _filled = 0;
        if (good)
        {
            _writer.Begin(FlashMap.Identity, _octets, 0, length);
            while (!_writer.Step())
            {
            }

            good = !_writer.Failed && IdentityStore.Load(_flash) != null;
        }

        Say(good ? "enrolled\n" : "refused: not an enrolment, or damaged on its way\n");
        return good;
    }

    private void Say(string line)
    {
        byte[] octets = new byte[line.Length];
        for (int i = 0; i < line.Length; i++)
        {
            octets[i] = (byte)line[i];
        }

        _port.Write(octets, 0, octets.Length);
    }
}
