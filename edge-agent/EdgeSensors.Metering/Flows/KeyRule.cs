using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace EdgeSensors.Metering.Flows;

/// <summary>Which parts of a key count, and the hash over them.</summary>
/// <remarks>
/// The hash is NH (Black, Halevi, Krawczyk, Krovetz, Rogaway 1999; RFC 4418): with a secret key two different inputs meet with a probability of 2⁻³², whoever chose them. Its six
/// products of 32 bits are independent of one another, and no processor needs a wide multiplication for them. A multiplication at the end spreads them over all bits.
/// </remarks>
internal readonly struct KeyRule
{
    private readonly Vector128<uint> _key0;
    private readonly Vector128<uint> _key1;
    private readonly Vector128<uint> _key2;
    private readonly Vector128<uint> _mask2;

    /// <param name="seed">Keys the hash.</param>
    /// <param name="withVlan">Whether VLAN and virtual network count.</param>
    public KeyRule(ulong seed, bool withVlan)
    {
        _key0 = Vector128.Create(Next(ref seed), Next(ref seed)).AsUInt32();
        _key1 = Vector128.Create(Next(ref seed), Next(ref seed)).AsUInt32();
        _key2 = Vector128.Create(Next(ref seed), Next(ref seed)).AsUInt32();
        _mask2 = withVlan ? Vector128.Create(uint.MaxValue, uint.MaxValue, uint.MaxValue, 0) : Vector128.Create(uint.MaxValue, 0xFFFF, 0, 0);
    }

    /// <summary>Equality of what counts.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Equal(ref readonly FlowKey x, ref readonly FlowKey y)
    {
        ref var a = ref Unsafe.As<FlowKey, uint>(ref Unsafe.AsRef(in x));
        ref var b = ref Unsafe.As<FlowKey, uint>(ref Unsafe.AsRef(in y));
        var difference = (Vector128.LoadUnsafe(ref a) ^ Vector128.LoadUnsafe(ref b))
            | (Vector128.LoadUnsafe(ref a, 4) ^ Vector128.LoadUnsafe(ref b, 4))
            | ((Vector128.LoadUnsafe(ref a, 8) ^ Vector128.LoadUnsafe(ref b, 8)) & _mask2);
        return difference == Vector128<uint>.Zero;
    }

    /// <summary>A keyed hash, good in every bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public uint Hash(ref readonly FlowKey key)
    {
        ref var words = ref Unsafe.As<FlowKey, uint>(ref Unsafe.AsRef(in key));
        var sum = Products(Vector128.LoadUnsafe(ref words) + _key0)
            + Products(Vector128.LoadUnsafe(ref words, 4) + _key1)
            + Products((Vector128.LoadUnsafe(ref words, 8) & _mask2) + _key2);
        var h = sum.GetElement(0) + sum.GetElement(1);
        h = (h ^ (h >> 32)) * 0x9E3779B97F4A7C15;
        return (uint)((h >> 32) ^ (h >> 11));
    }

    /// <summary>Of four numbers the first times the second, and the third times the fourth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> Products(Vector128<uint> numbers)
    {
        var odd = Vector128.ShiftRightLogical(numbers.AsUInt64(), 32);
        return Sse2.IsSupported ? Sse2.Multiply(numbers, odd.AsUInt32()) : (numbers.AsUInt64() & Vector128.Create<ulong>(uint.MaxValue)) * odd;
    }

    // splitmix64 (Steele, Lea, Flood 2014)
    private static ulong Next(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
