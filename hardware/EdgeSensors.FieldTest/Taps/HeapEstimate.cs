using System.Collections;
using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;

namespace EdgeSensors.FieldTest.Taps;

/// <summary>
/// What an object graph would take of nanoFramework's managed heap, by its rules: memory in blocks of 12 octets; an object is a block and one for each
/// field; an array of primitives its octets behind 20 of head; an array of references a block an item; a text its octets behind 20.
/// </summary>
internal sealed class HeapEstimate
{
    private const int Block = 12;
    private const int ArrayHead = 20;

    private static readonly FieldInfo[] s_statics =
    [
        .. typeof(EdgeSensors.Firmware.TapMeter).Assembly.GetTypes()
            .Where(t => !t.ContainsGenericParameters && !t.FullName!.Contains(".Platform.Host", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(f => !f.IsLiteral)),
    ];

    private static readonly ConcurrentDictionary<Type, FieldInfo[]> s_fields = new();

    // Not what the runtime has interned: that depends on which code of the process has run so far.
    private static readonly HashSet<string> s_literals = Literals(typeof(EdgeSensors.Firmware.TapMeter).Assembly);

    private readonly HashSet<object> _seen = new(ReferenceEqualityComparer.Instance);

    private HeapEstimate()
    {
    }

    /// <summary>Octets of everything of the firmware's that can be reached from an object; what an emulator put in its place is left out.</summary>
    public static long Of(object root)
    {
        HeapEstimate estimate = new();
        long octets = 0;
        Stack<object> left = new([root]);
        foreach (FieldInfo field in s_statics)
        {
            octets += Block;
            if (field.GetValue(null) is { } value && !field.DeclaringType!.Name.StartsWith('<'))
            {
                left.Push(value);
            }
        }

        while (left.TryPop(out object? one))
        {
            octets += estimate.Add(one, left);
        }

        return octets;
    }

    private long Add(object one, Stack<object> left)
    {
        Type type = one.GetType();
        if (!_seen.Add(one))
        {
            return 0;
        }

        if (one is string text)
        {
            return s_literals.Contains(text) ? 0 : Blocks(ArrayHead + text.Length + 1); // a literal stays in the assembly
        }

        if (one is Array array)
        {
            Type item = type.GetElementType()!;
            if (item.IsPrimitive || item.IsEnum)
            {
                return Blocks(ArrayHead + Buffer.ByteLength(array));
            }

            foreach (object? inner in (IEnumerable)array)
            {
                if (inner is not null)
                {
                    left.Push(inner);
                }
            }

            return Blocks(ArrayHead + ((long)Block * array.Length));
        }

        if (type.Assembly != typeof(EdgeSensors.Firmware.TapMeter).Assembly)
        {
            return 0; // an emulator's flash, hub and clock stand for chips
        }

        long octets = Block;
        foreach (FieldInfo field in s_fields.GetOrAdd(type, FieldsOf))
        {
            octets += Block;
            if (!field.FieldType.IsValueType && field.GetValue(one) is { } value)
            {
                left.Push(value);
            }
        }

        return octets;
    }

    private static FieldInfo[] FieldsOf(Type type)
    {
        List<FieldInfo> fields = [];
        for (Type? at = type; at is not null && at != typeof(object); at = at.BaseType)
        {
            fields.AddRange(at.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly));
        }

        return [.. fields];
    }

    private static unsafe HashSet<string> Literals(Assembly assembly)
    {
        if (!assembly.TryGetRawMetadata(out byte* metadata, out int length))
        {
            throw new InvalidOperationException($"{assembly} has no metadata.");
        }

        MetadataReader reader = new(metadata, length);
        HashSet<string> literals = [];
        UserStringHandle at = MetadataTokens.UserStringHandle(0);
        do
        {
            literals.Add(reader.GetUserString(at));
            at = reader.GetNextHandle(at);
        }
        while (!at.IsNil);

        return literals;
    }

    private static long Blocks(long octets) => (octets + Block - 1) / Block * Block;
}
