namespace EdgeSensors.Metering.Tests.Fuzz;

/// <summary>SplitMix64: cheap enough to begin anew for each input.</summary>
internal struct FuzzRandom(ulong state)
{
    private ulong _state = state;

    public ulong Next()
    {
        var mix = _state += 0x9E3779B97F4A7C15;
        mix = (mix ^ (mix >> 30)) * 0xBF58476D1CE4E5B9;
        mix = (mix ^ (mix >> 27)) * 0x94D049BB133111EB;
        return mix ^ (mix >> 31);
    }

    /// <summary>From 0 to one below the bound, which is at least 1.</summary>
    public int Below(int bound) => (int)((UInt128)Next() * (ulong)bound >> 64);
}
