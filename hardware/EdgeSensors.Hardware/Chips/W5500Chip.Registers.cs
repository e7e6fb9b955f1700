namespace EdgeSensors.Hardware.Chips;

/// <summary>The register blocks: addresses, access and reset values of sections 3.1, 3.2 and 4.</summary>
public sealed partial class W5500Chip
{
    private const int CommonSize = 0x40;
    private const int SocketSize = 0x30;
    private const int VersionNumber = 4;

    private readonly byte[] _common = new byte[CommonSize];
    private readonly byte[][] _socket = [.. Enumerable.Range(0, Sockets).Select(_ => new byte[SocketSize])];
    private readonly byte[] _transmitMemory = new byte[ReceiveMemory];

    private bool IsInterrupting => ((_common[Common.Ir] & 0xf0 & _common[Common.Imr]) | (PendingSockets() & _common[Common.Simr])) != 0;

    private byte ReadOctet(int block, int address)
    {
        int socket = block >> 2;
        return (block & 3) switch
        {
            0 when block == 0 => ReadCommon(address),
            1 => ReadSocket(socket, address),
            2 => _transmitMemory[BufferAddress(socket, address, Socket.TransmitBufferSize) ?? 0],
            3 => ReadBuffer(socket, address),
            _ => Noise(), // reserved blocks
        };
    }

    private void WriteOctet(int block, int address, byte value)
    {
        int socket = block >> 2;
        switch (block & 3)
        {
            case 0 when block == 0:
                WriteCommon(address, value);
                break;
            case 1:
                WriteSocket(socket, address, value);
                break;
            case 2 when BufferAddress(socket, address, Socket.TransmitBufferSize) is { } at:
                _transmitMemory[at] = value;
                break;
        }
    }

    private byte ReadCommon(int address) => address switch
    {
        Common.Mode => (byte)(_common[Common.Mode] | (Time.GetTimestamp() < _resetUntil ? 0x80 : 0)),
        Common.SocketInterrupt => (byte)PendingSockets(),
        Common.Phy => (byte)((_common[Common.Phy] & 0xf8) | LinkBits()),
        Common.Version => VersionNumber,
        < CommonSize => _common[address],
        _ => Noise(),
    };

    private void WriteCommon(int address, byte value)
    {
        switch (address)
        {
            case Common.Mode when (value & 0x80) != 0:
                ResetRegisters();
                _resetUntil = After(_random.Next(1_000, 50_000));
                break;
            case Common.Ir:
                _common[address] &= (byte)~value; // cleared by ones
                break;
            case Common.Phy:
                WritePhy(value);
                break;
            case Common.SocketInterrupt or (>= 0x28 and <= 0x2d) or (>= 0x2f and <= Common.Version) or >= CommonSize:
                break; // read only, or nothing there
            default:
                _common[address] = value;
                break;
        }
    }

    private byte ReadSocket(int n, int address)
    {
        byte[] s = _socket[n];
        if (address >= SocketSize)
        {
            return Noise();
        }

        return address switch
        {
            Socket.Command => (byte)(Time.GetTimestamp() < _commandUntil[n] ? s[Socket.Command] : 0),
            Socket.TransmitFree => (byte)(TransmitFree(n) >> 8),
            Socket.TransmitFree + 1 => (byte)TransmitFree(n),
            Socket.ReceivedSize => (byte)(ReceivedSize(n) >> 8),
            Socket.ReceivedSize + 1 => (byte)ReceivedSize(n),
            _ => s[address],
        };
    }

    private void WriteSocket(int n, int address, byte value)
    {
        byte[] s = _socket[n];
        switch (address)
        {
            case Socket.Command:
                Command(n, value);
                break;
            case Socket.Interrupt:
                s[address] &= (byte)~value; // cleared by ones
                break;
            case Socket.Status or Socket.TransmitFree or Socket.TransmitFree + 1 or Socket.TransmitRead or Socket.TransmitRead + 1
                or Socket.ReceivedSize or Socket.ReceivedSize + 1 or Socket.ReceiveWrite or Socket.ReceiveWrite + 1 or >= SocketSize:
                break; // read only, or nothing there
            default:
                s[address] = value;
                break;
        }
    }

    /// <summary>Where an offset of a socket's buffer lies in the 16 KB that all share: in order of the sockets, each the size that it was given.</summary>
    private int? BufferAddress(int n, int offset, int sizeRegister)
    {
        int begin = 0;
        for (int i = 0; i < n; i++)
        {
            begin += _socket[i][sizeRegister] * 1024;
        }

        int size = _socket[n][sizeRegister] * 1024;
        bool isSize = size is 1024 or 2048 or 4096 or 8192 or ReceiveMemory;
        return isSize && begin + size <= ReceiveMemory ? begin + (offset & (size - 1)) : null;
    }

    private int PendingSockets()
    {
        int pending = 0;
        for (int n = 0; n < Sockets; n++)
        {
            pending |= (_socket[n][Socket.Interrupt] & _socket[n][Socket.InterruptMask]) != 0 ? 1 << n : 0;
        }

        return pending;
    }

    private void ResetRegisters()
    {
        System.Array.Clear(_common);
        Set16(_common, Common.RetryTime, 0x07d0);
        _common[Common.RetryCount] = 8;
        _common[0x1c] = 0x28; // PTIMER
        Set16(_common, 0x26, 0xffff); // PMRU
        _common[Common.Phy] = 0xb8;
        for (int n = 0; n < Sockets; n++)
        {
            byte[] s = _socket[n];
            System.Array.Clear(s);
            s.AsSpan(0x06, 6).Fill(0xff); // DHAR
            s[0x16] = 0x80; // TTL
            s[Socket.ReceiveBufferSize] = 2;
            s[Socket.TransmitBufferSize] = 2;
            s[Socket.InterruptMask] = 0xff;
            Set16(s, 0x2d, 0x4000); // FRAG
            _commandUntil[n] = 0;
            _released[n] = 0;
        }
    }

    private static int Get16(byte[] registers, int at) => (registers[at] << 8) | registers[at + 1];

    private static void Set16(byte[] registers, int at, int value)
    {
        registers[at] = (byte)(value >> 8);
        registers[at + 1] = (byte)value;
    }

    private static class Common
    {
        public const int Mode = 0x00;
        public const int HardwareAddress = 0x09;
        public const int Ir = 0x15;
        public const int Imr = 0x16;
        public const int SocketInterrupt = 0x17;
        public const int Simr = 0x18;
        public const int RetryTime = 0x19;
        public const int RetryCount = 0x1b;
        public const int Phy = 0x2e;
        public const int Version = 0x39;
    }

    private static class Socket
    {
        public const int Mode = 0x00;
        public const int Command = 0x01;
        public const int Interrupt = 0x02;
        public const int Status = 0x03;
        public const int ReceiveBufferSize = 0x1e;
        public const int TransmitBufferSize = 0x1f;
        public const int TransmitFree = 0x20;
        public const int TransmitRead = 0x22;
        public const int TransmitWrite = 0x24;
        public const int ReceivedSize = 0x26;
        public const int ReceiveRead = 0x28;
        public const int ReceiveWrite = 0x2a;
        public const int InterruptMask = 0x2c;
    }
}
