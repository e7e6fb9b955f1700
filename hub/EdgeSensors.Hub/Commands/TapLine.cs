using System.IO.Ports;
using System.Text;

namespace EdgeSensors.Hub.Commands;

/// <summary>A tap's serial line (docs/protocol.md, "Enrolling a tap"): an enrolment goes out, a line comes back.</summary>
internal sealed class TapLine : IDisposable
{
    private const int BaudRate = 115_200;

    // Half of the line's rate, as a tap may look away for a few milliseconds and has room for little.
    private const int PieceOctets = 64;
    private static readonly TimeSpan PiecePause = TimeSpan.FromMilliseconds(11);

    private const int MaxLine = 256;

    private readonly SerialPort _port;

    /// <summary>Opens a serial device.</summary>
    /// <param name="device">Such as <c>/dev/ttyUSB0</c> or <c>COM5</c>.</param>
    public TapLine(string device)
    {
        _port = new SerialPort(device, BaudRate, Parity.None, 8, StopBits.One);
        try
        {
            _port.Open();
            _port.DiscardInBuffer();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            _port.Dispose();
            throw new CommandException("serial", $"{device} cannot be opened: {e.Message.TrimEnd('.')}; check its name and your rights (on Linux: group dialout).");
        }
    }

    /// <summary>Sends octets and gives the first line that is an answer; null when none comes in time. What else the line says, such as the module's greetings, is passed over.</summary>
    public string? Ask(ReadOnlySpan<byte> octets, TimeSpan patience)
    {
        try
        {
            var piece = new byte[PieceOctets];
            while (octets.Length > 0)
            {
                var count = Math.Min(octets.Length, PieceOctets);
                octets[..count].CopyTo(piece);
                _port.Write(piece, 0, count);
                octets = octets[count..];
                Thread.Sleep(PiecePause);
            }

            return ReadAnswer(patience);
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            throw new CommandException("serial", $"the line was lost: {e.Message.TrimEnd('.')}; see to the cable and send it again.");
        }
    }

    public void Dispose() => _port.Dispose();

    private string? ReadAnswer(TimeSpan patience)
    {
        var line = new StringBuilder();
        var began = Environment.TickCount64;
        for (var left = patience; left > TimeSpan.Zero; left = patience - TimeSpan.FromMilliseconds(Environment.TickCount64 - began))
        {
            _port.ReadTimeout = (int)left.TotalMilliseconds + 1;
            int octet;
            try
            {
                octet = _port.ReadByte();
            }
            catch (TimeoutException)
            {
                return null;
            }

            if (octet != '\n')
            {
                line.Append(line.Length < MaxLine ? ((char)octet).ToString() : "");
                continue;
            }

            var said = line.ToString().Trim();
            if (said is "enrolled" || said.StartsWith("refused ", StringComparison.Ordinal))
            {
                return said;
            }

            line.Clear();
        }

        return null;
    }
}
