using System.Diagnostics.CodeAnalysis;
using Microsoft.Win32.SafeHandles;

namespace EdgeSensors.Metering.Ebpf;

/// <summary>A map that programs in the kernel and this process share. Keys and values are octets of fixed size. Safe to use from several threads.</summary>
public sealed unsafe class EbpfMap : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string _name;

    private EbpfMap(SafeFileHandle handle, string name, int keySize, int valueSize)
    {
        (_handle, _name) = (handle, name);
        (KeySize, ValueSize) = (keySize, valueSize);
    }

    /// <summary>Octets of a key.</summary>
    public int KeySize { get; }

    /// <summary>Octets of a value; in a map for each core, of all cores' values together, each rounded up to 8.</summary>
    public int ValueSize { get; }

    /// <summary>The descriptor; valid until the map is disposed.</summary>
    public int FileDescriptor => (int)_handle.DangerousGetHandle();

    /// <summary>Makes an empty map.</summary>
    /// <param name="type">How it keeps its elements.</param>
    /// <param name="name">How <c>bpftool map</c> shows it; 15 characters at most count.</param>
    /// <param name="keySize">Octets of a key.</param>
    /// <param name="valueSize">Octets of one value.</param>
    /// <param name="maxEntries">Most elements.</param>
    /// <param name="map">The map.</param>
    /// <param name="error">Why there is none.</param>
    /// <param name="grows">Whether a hash map takes memory for an element when it comes, not for all at once; a prefix tree always does.</param>
    public static bool TryCreate(
        EbpfMapType type, string name, int keySize, int valueSize, int maxEntries, [NotNullWhen(true)] out EbpfMap? map, [NotNullWhen(false)] out EbpfError? error,
        bool grows = false)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(keySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(valueSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxEntries, 1);
        const uint NoPreallocation = 1; // which the prefix tree demands
        var attributes = new EbpfSystemCall.MapAttributes
        {
            Type = (uint)type,
            KeySize = (uint)keySize,
            ValueSize = (uint)valueSize,
            MaxEntries = (uint)maxEntries,
            Flags = grows || type == EbpfMapType.LongestPrefix ? NoPreallocation : 0,
        };
        EbpfSystemCall.WriteName(name, attributes.Name);
        var descriptor = EbpfSystemCall.Do(EbpfSystemCall.MapCreate, ref attributes);
        if (descriptor == -EbpfSystemCall.ErrorNotPermitted && EbpfSystemCall.RaiseLockedMemory())
        {
            descriptor = EbpfSystemCall.Do(EbpfSystemCall.MapCreate, ref attributes);
        }

        if (descriptor < 0)
        {
            (map, error) = (null, EbpfSystemCall.Describe($"making the map {name}", -descriptor));
            return false;
        }

        var perCore = type is EbpfMapType.PerCpuArray or EbpfMapType.PerCpuHash;
        var octets = perCore ? (valueSize + 7) / 8 * 8 * PossibleCores() : valueSize;
        (map, error) = (new EbpfMap(new SafeFileHandle(descriptor, ownsHandle: true), name, keySize, octets), null);
        return true;
    }

    /// <summary>Reads a key's value; <see cref="EbpfFault.NoSuchKey"/> where there is none.</summary>
    public EbpfError? Lookup(ReadOnlySpan<byte> key, Span<byte> value)
    {
        CheckSizes(key.Length, value.Length);
        fixed (byte* k = key, v = value)
        {
            return Element(EbpfSystemCall.MapLookup, k, v, 0, "reading");
        }
    }

    /// <summary>Puts a key's value in, whether there was one or not.</summary>
    public EbpfError? Update(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        CheckSizes(key.Length, value.Length);
        fixed (byte* k = key, v = value)
        {
            return Element(EbpfSystemCall.MapUpdate, k, v, 0, "writing");
        }
    }

    /// <summary>Takes a key out; <see cref="EbpfFault.NoSuchKey"/> where there is none.</summary>
    public EbpfError? Delete(ReadOnlySpan<byte> key)
    {
        CheckSizes(key.Length, ValueSize);
        fixed (byte* k = key)
        {
            return Element(EbpfSystemCall.MapDelete, k, null, 0, "deleting from");
        }
    }

    /// <summary>The key that follows another, or the first; <see cref="EbpfFault.NoSuchKey"/> at the end. A key that is gone begins again from the first.</summary>
    /// <param name="key">The other key; empty for the first.</param>
    /// <param name="next">The key that follows.</param>
    public EbpfError? NextKey(ReadOnlySpan<byte> key, Span<byte> next)
    {
        CheckSizes(key.IsEmpty ? KeySize : key.Length, ValueSize);
        CheckSizes(next.Length, ValueSize);
        fixed (byte* k = key, n = next)
        {
            return Element(EbpfSystemCall.MapNextKey, k, n, 0, "walking");
        }
    }

    /// <summary>Puts many elements in by one call (Linux 5.6; the prefix tree 5.7; maps for each core not by all).</summary>
    /// <param name="keys">The keys, one behind the other.</param>
    /// <param name="values">As many values.</param>
    /// <param name="done">How many were put in; all unless there is an error.</param>
    public EbpfError? UpdateBatch(ReadOnlySpan<byte> keys, ReadOnlySpan<byte> values, out int done)
    {
        var count = CheckBatch(keys.Length, values.Length);
        fixed (byte* k = keys, v = values)
        {
            return Batch(EbpfSystemCall.MapUpdateBatch, k, v, null, null, count, out done, "writing");
        }
    }

    /// <summary>Takes many elements out by one call; stops at a key that is not there.</summary>
    /// <param name="keys">The keys, one behind the other.</param>
    /// <param name="done">How many were taken out.</param>
    public EbpfError? DeleteBatch(ReadOnlySpan<byte> keys, out int done)
    {
        var count = CheckBatch(keys.Length, keys.Length / KeySize * ValueSize);
        fixed (byte* k = keys)
        {
            return Batch(EbpfSystemCall.MapDeleteBatch, k, null, null, null, count, out done, "deleting from");
        }
    }

    /// <summary>Reads many elements by one call.</summary>
    /// <param name="cursor">Where to go on: all zero and <paramref name="first"/> for the start; then as it was left. At least 4 octets and a key's.</param>
    /// <param name="first">Whether to begin at the start.</param>
    /// <param name="keys">Room for keys.</param>
    /// <param name="values">Room for as many values. A hash map whose buckets are fuller than this room says <see cref="EbpfFault.NoRoom"/>.</param>
    /// <param name="count">How many were read.</param>
    /// <returns><see cref="EbpfFault.NoSuchKey"/> once the last was read.</returns>
    public EbpfError? LookupBatch(Span<byte> cursor, bool first, Span<byte> keys, Span<byte> values, out int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(cursor.Length, Math.Max(4, KeySize));
        var room = CheckBatch(keys.Length, values.Length);
        fixed (byte* c = cursor, k = keys, v = values)
        {
            return Batch(EbpfSystemCall.MapLookupBatch, k, v, first ? null : c, c, room, out count, "reading");
        }
    }

    /// <summary>Lets go of the map; programs that use it keep it.</summary>
    public void Dispose() => _handle.Dispose();

    private EbpfError? Element(int command, byte* key, byte* value, ulong flags, string doing)
    {
        var attributes = new EbpfSystemCall.ElementAttributes { Map = (uint)FileDescriptor, Key = (ulong)key, Value = (ulong)value, Flags = flags };
        var result = EbpfSystemCall.Do(command, ref attributes);
        return result < 0 ? EbpfSystemCall.Describe($"{doing} the map {_name}", -result) : null;
    }

    private EbpfError? Batch(int command, byte* keys, byte* values, byte* from, byte* to, int count, out int done, string doing)
    {
        var attributes = new EbpfSystemCall.BatchAttributes
        {
            InBatch = (ulong)from,
            OutBatch = (ulong)to,
            Keys = (ulong)keys,
            Values = (ulong)values,
            Count = (uint)count,
            Map = (uint)FileDescriptor,
        };
        var result = EbpfSystemCall.Do(command, ref attributes);

        // The count is written unless the kernel never looked at the batch.
        done = result == -EbpfSystemCall.ErrorInvalid || result == -EbpfSystemCall.ErrorNotPermitted ? 0 : (int)attributes.Count;
        return result < 0 ? EbpfSystemCall.Describe($"{doing} the map {_name}", -result) : null;
    }

    private void CheckSizes(int key, int value)
    {
        if (key != KeySize || value != ValueSize)
        {
            throw new ArgumentException($"A key of this map has {KeySize} octets, a value {ValueSize}.");
        }
    }

    private int CheckBatch(int keys, int values)
    {
        var count = keys / KeySize;
        if (keys == 0 || keys != count * KeySize || values != count * ValueSize)
        {
            throw new ArgumentException($"A batch is of whole keys of {KeySize} octets and as many values of {ValueSize}.");
        }

        return count;
    }

    /// <summary>The kernel makes a value for every core that could ever be there, not only for those that are.</summary>
    private static int PossibleCores()
    {
        try
        {
            var text = File.ReadAllText("/sys/devices/system/cpu/possible").AsSpan().Trim();
            var last = text[(text.LastIndexOfAny('-', ',') + 1)..];
            return int.TryParse(last, out var highest) ? highest + 1 : Environment.ProcessorCount;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Environment.ProcessorCount;
        }
    }
}
