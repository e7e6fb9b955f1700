using System.IO.Ports;
using EdgeSensors.Firmware.Run;

namespace EdgeSensors.Firmware.Platform.Device;

/// <summary>The serial line (115,200 baud, 8N1) that a tap is enrolled over: octets to an <see cref="EnrolmentReceiver"/>, its answers back.</summary>
internal sealed class SerialEnrolment
{
    private const int MostAtOnce = 256;

    private readonly EnrolmentReceiver _receiver;
    private readonly SerialPort _port;
    private readonly byte[] _octets = new byte[MostAtOnce];

    /// <summary>Listens on a port, for a chip.</summary>
    public SerialEnrolment(string port, IFlash flash)
    {
        _receiver = new EnrolmentReceiver(flash);
        _port = new SerialPort(port, 115_200, Parity.None, 8, StopBits.One);
        _port.ReadBufferSize = 4_096;
        _port.Open();
    }

    /// <summary>Takes what has come. True when an enrolment was stored: the module is to be restarted.</summary>
    public bool Step(long milliseconds)
    {
        EnrolmentAnswer answer = EnrolmentAnswer.None;
        int waiting = _port.BytesToRead;
        if (waiting > 0)
        {
            int count = _port.Read(_octets, 0, waiting < MostAtOnce ? waiting : MostAtOnce);
            answer = _receiver.Take(_octets, count, milliseconds);
        }

        if (answer == EnrolmentAnswer.None)
        {
            answer = _receiver.Step(milliseconds);
        }

        if (answer != EnrolmentAnswer.None)
        {
            Say(EnrolmentReceiver.Line(answer));
        }

        return answer == EnrolmentAnswer.Enrolled;
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
