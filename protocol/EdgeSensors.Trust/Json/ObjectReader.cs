using System.Text.Json;

namespace EdgeSensors.Trust.Json;

/// <summary>Keeps the first fault found while one document is read; the readers of its parts share it.</summary>
internal sealed class FaultLog
{
    public JsonFault? First { get; private set; }

    public void Add(string path, string reason) => First ??= new JsonFault(path, reason);
}

/// <summary>
/// Reads the members of one JSON object by name and type. A wrong or missing member is noted in the <see cref="FaultLog"/> and a harmless
/// default handed back, so that the caller reads straight on and looks once, at the end.
/// </summary>
internal sealed class ObjectReader
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public ObjectReader(JsonElement value, string path, FaultLog faults)
    {
        _path = path;
        Faults = faults;
        if (value.ValueKind == JsonValueKind.Object)
        {
            _object = value;
        }
        else
        {
            faults.Add(path, "is not an object");
        }
    }

    public FaultLog Faults { get; }

    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public bool Has(string name) => TryFind(name, out _);

    public JsonElement Value(string name)
    {
        if (!TryFind(name, out var value))
        {
            Faults.Add(PathOf(name), "is missing");
        }

        return value;
    }

    public string String(string name, int maxLength = 256) => AsString(Value(name), PathOf(name), Faults, maxLength);

    /// <summary>A text of several lines, such as a PEM key.</summary>
    public string Lines(string name, int maxLength)
    {
        var value = Value(name);
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= maxLength)
        {
            return text;
        }

        Faults.Add(PathOf(name), $"is not a string of at most {maxLength} characters");
        return "";
    }

    public long Integer(string name, long min, long max) => AsInteger(Value(name), PathOf(name), Faults, min, max);

    public bool Boolean(string name)
    {
        var value = Value(name);
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Faults.Add(PathOf(name), "is neither true nor false");
        return false;
    }

    public ObjectReader Object(string name) => new(Value(name), PathOf(name), Faults);

    public List<T> List<T>(string name, int minCount, int maxCount, Func<JsonElement, string, T> read)
    {
        var value = Value(name);
        var items = new List<T>();
        if (value.ValueKind != JsonValueKind.Array)
        {
            Faults.Add(PathOf(name), "is not an array");
            return items;
        }

        var count = value.GetArrayLength();
        if (count < minCount || count > maxCount)
        {
            Faults.Add(PathOf(name), $"has {count} items, not {minCount} to {maxCount}");
            return items;
        }

        items.Capacity = count;
        foreach (var item in value.EnumerateArray())
        {
            items.Add(read(item, $"{PathOf(name)}[{items.Count}]"));
            if (Faults.First is not null)
            {
                return items; // what follows cannot be used anyway
            }
        }

        return items;
    }

    /// <summary>All members of an object that is used as a map; none, and a fault, when there are too many.</summary>
    public IEnumerable<(string Name, JsonElement Value)> Members(int maxCount)
    {
        if (_object.ValueKind != JsonValueKind.Object)
        {
            return [];
        }

        if (_object.GetPropertyCount() > maxCount)
        {
            Faults.Add(_path, $"has more than {maxCount} members");
            return [];
        }

        return _object.EnumerateObject().Select(member => (member.Name, member.Value));
    }

    /// <summary>Notes a fault when the object holds a member that was never asked for.</summary>
    public void RefuseUnknown()
    {
        if (_object.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in _object.EnumerateObject())
        {
            if (!_known.Contains(member.Name))
            {
                Faults.Add(PathOf(member.Name), "is not a member that this version knows");
                return;
            }
        }
    }

    public static long AsInteger(JsonElement value, string path, FaultLog faults, long min, long max)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) && number >= min && number <= max)
        {
            return number;
        }

        faults.Add(path, $"is not an integer from {min} to {max}");
        return min;
    }

    /// <summary>A text of one line. Control characters have no place in names and reasons, and canonical JSON, which escapes none of them, would not read back.</summary>
    public static string AsString(JsonElement value, string path, FaultLog faults, int maxLength = 256)
    {
        if (value.ValueKind == JsonValueKind.String && value.GetString() is { } text && text.Length <= maxLength && !text.Any(char.IsControl))
        {
            return text;
        }

        faults.Add(path, $"is not a string of at most {maxLength} characters, none of them a control character");
        return "";
    }

    private bool TryFind(string name, out JsonElement value)
    {
        _known.Add(name);
        value = default;
        return _object.ValueKind == JsonValueKind.Object && _object.TryGetProperty(name, out value);
    }
}
