using System.Buffers.Binary;
using EdgeSensors.Metering.Capture.Live;

namespace EdgeSensors.Metering.Tests.Live;

/// <summary>Classic BPF as the kernel runs it (Documentation/networking/filter.rst): a load beyond the frame ends with 0; the result is the snap length.</summary>
internal static class BpfInterpreter
{
    public static uint Run(ReadOnlySpan<BpfInstruction> program, ReadOnlySpan<byte> frame)
    {
        uint a = 0, x = 0;
        Span<uint> cells = stackalloc uint[16];
        for (var i = 0; ; i++)
        {
            var (code, yes, no, k) = (program[i].Code, program[i].JumpTrue, program[i].JumpFalse, program[i].Operand);
            switch (code)
            {
                case 0x80: a = (uint)frame.Length; break;
                case 0x40 or 0x48 or 0x50 or 0x28 or 0x30:
                    var size = code == 0x40 ? 4 : code is 0x48 or 0x28 ? 2 : 1;
                    var at = (code is 0x28 or 0x30 ? 0 : (ulong)x) + k;
                    if (at + (ulong)size > (ulong)frame.Length)
                    {
                        throw new InvalidOperationException($"instruction {i} loads {size} bytes at {at} of {frame.Length}: the kernel would lose the frame");
                    }

                    var bytes = frame[(int)at..];
                    a = size switch { 4 => BinaryPrimitives.ReadUInt32BigEndian(bytes), 2 => BinaryPrimitives.ReadUInt16BigEndian(bytes), _ => bytes[0] };
                    break;
                case 0x60: a = cells[(int)k]; break;
                case 0x00: a = k; break;
                case 0x01: x = k; break;
                case 0x02: cells[(int)k] = a; break;
                case 0x04: a += k; break;
                case 0x0C: a += x; break;
                case 0x1C: a -= x; break;
                case 0x54: a &= k; break;
                case 0x64: a <<= (int)k; break;
                case 0x74: a >>= (int)k; break;
                case 0x07: x = a; break;
                case 0x87: a = x; break;
                case 0x05: i += (int)k; break;
                case 0x15: i += a == k ? yes : no; break;
                case 0x35: i += a >= k ? yes : no; break;
                case 0x3D: i += a >= x ? yes : no; break;
                case 0x45: i += (a & k) != 0 ? yes : no; break;
                case 0x06: return k;
                case 0x16: return a;
                default: throw new NotSupportedException($"instruction {i} has code {code:x}");
            }
        }
    }
}
