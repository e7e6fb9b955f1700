using System.Numerics;

namespace EdgeSensors.Metering.Sketches;

/// <summary>
/// Counts distinct things in fixed memory (Flajolet, Fusy, Gandouet, Meunier 2007): 2^precision registers of one octet over 64-bit hashes, so that no correction for
/// large counts is needed; small counts by linear counting. The standard error is 1.04 / √(2^precision).
/// </summary>
public sealed class HyperLogLog
{
    private readonly byte[] _registers;

    /// <summary>Makes an empty sketch.</summary>
    /// <param name="precision">4 to 14.</param>
    public HyperLogLog(int precision)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(precision, 4);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(precision, 14);
        Precision = precision;
        _registers = new byte[1 << precision];
    }

    /// <summary>The number of leading hash bits that choose a register.</summary>
    public int Precision { get; }

    /// <summary>The registers: the longest run of leading zeros plus one after the choosing bits.</summary>
    public ReadOnlySpan<byte> Registers => _registers;

    /// <summary>Adds a thing by its hash; every bit of it must be good.</summary>
    public void Add(ulong hash)
    {
        var rank = (byte)(BitOperations.LeadingZeroCount((hash << Precision) | (1UL << (Precision - 1))) + 1);
        ref var register = ref _registers[hash >> (64 - Precision)];
        if (rank > register)
            register = rank;
    }

    /// <summary>The estimate.</summary>
    public double Estimate()
    {
        var m = _registers.Length;
        var sum = 0.0;
        var zeros = 0;
        foreach (var register in _registers)
        {
            sum += Math.ScaleB(1, -register);
            zeros += register == 0 ? 1 : 0;
        }

        var alpha = m switch { 16 => 0.673, 32 => 0.697, 64 => 0.709, _ => 0.7213 / (1 + (1.079 / m)) };
        var raw = alpha * m * m / sum;
        return raw <= 2.5 * m && zeros > 0 ? m * Math.Log((double)m / zeros) : raw;
    }

    /// <summary>Takes in what another sketch has seen: afterwards this one is what it would be had it seen both streams, in any order.</summary>
    /// <param name="other">Of the same precision, over the same hash and seed.</param>
    public void Merge(HyperLogLog other)
    {
        ArgumentNullException.ThrowIfNull(other);
        ArgumentOutOfRangeException.ThrowIfNotEqual(other.Precision, Precision);
        for (var i = 0; i < _registers.Length; i++)
            _registers[i] = Math.Max(_registers[i], other._registers[i]);
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => Array.Clear(_registers);
}
