namespace EdgeSensors.Firmware.Json;

/// <summary>
/// Pulls tokens of OLPC canonical JSON out of a buffer, in place: no white space, members in rising order (so none twice), integers without
/// leading zeros, and no escapes but <c>\"</c> and <c>\\</c>, neither of them in a name. It keeps the names on the way to the token, so that a
/// reader can ask where it is in place of keeping a state. Total: any octets end in <see cref="JsonToken.Error"/> or <see cref="JsonToken.End"/>.
/// </summary>
internal sealed class JsonReader
{
    /// <summary>The deepest nesting that is read.</summary>
    public const int MaxDepth = 16;

    private const int MostDigits = 18;

    private readonly int[] _nameStart = new int[MaxDepth + 1];
    private readonly int[] _nameLength = new int[MaxDepth + 1];
    private readonly int[] _index = new int[MaxDepth + 1];
    private readonly int[] _begin = new int[MaxDepth + 1];
    private readonly bool[] _array = new bool[MaxDepth + 1];
    private byte[] _b = { };
    private int _at;
    private int _end;
    private bool _ended;
    private int _depth;

    /// <summary>Containers around the token; of a container's begin and end, those around the container.</summary>
    public int Depth;

    /// <summary>A text's first octet behind its quote; a container's bracket; at a container's end, the bracket that began it.</summary>
    public int Start;

    /// <summary>Octets of a text; at a container's end, of the whole container.</summary>
    public int Length;

    /// <summary>An integer's value.</summary>
    public long Value;

    /// <summary>Begins to read one value, which must fill the octets from <paramref name="start"/> up to <paramref name="end"/>.</summary>
    public void Begin(byte[] buffer, int start, int end)
    {
        _b = buffer;
        _at = start;
        _end = end;
        _ended = false;
        Depth = 0;
        _depth = 0;
    }

    /// <summary>The item's number in the array at <paramref name="depth"/>.</summary>
    public int Index(int depth)
    {
        return _index[depth];
    }

    /// <summary>Whether the member's name at <paramref name="depth"/>, 1 for the outermost object's, is <paramref name="name"/>.</summary>
    public bool NameIs(int depth, string name)
    {
        return !_array[depth] && Same(_nameStart[depth], _nameLength[depth], name);
    }

    /// <summary>Whether the token is within an array at <paramref name="depth"/>.</summary>
    public bool InArray(int depth)
    {
        return _array[depth];
    }

    /// <summary>Where the member's name at a depth lies.</summary>
    public int NameStart(int depth)
    {
        return _nameStart[depth];
    }

    /// <summary>Octets of the member's name at a depth.</summary>
    public int NameLength(int depth)
    {
        return _nameLength[depth];
    }

    /// <summary>Whether the text is <paramref name="text"/>.</summary>
    public bool TextIs(string text)
    {
        return Same(Start, Length, text);
    }

    /// <summary>The text, which is short and of ASCII, as a string.</summary>
    public string Text()
    {
        char[] text = new char[Length];
        for (int i = 0; i < Length; i++)
        {
            text[i] = (char)_b[Start + i];
        }

        return new string(text);
    }

    /// <summary>The next token. A container is told of at its begin and at its end.</summary>
    public JsonToken Next()
    {
        if (_ended)
        {
            return _at == _end ? JsonToken.End : JsonToken.Error;
        }

        if (_at >= _end)
        {
            return Fail();
        }

        if (_depth > 0)
        {
            byte close = _array[_depth] ? (byte)']' : (byte)'}';
            if (_b[_at] == close)
            {
                return Close(_array[_depth] ? JsonToken.ArrayEnd : JsonToken.ObjectEnd);
            }

            if (_index[_depth] >= 0)
            {
                if (_b[_at] != (byte)',')
                {
                    return Fail();
                }

                _at++;
            }

            _index[_depth]++;
            if (!_array[_depth] && !ReadName())
            {
                return Fail();
            }
        }

        return _at < _end ? ReadValue() : Fail();
    }

    private JsonToken ReadValue()
    {
        byte first = _b[_at];
        if (first == (byte)'{' || first == (byte)'[')
        {
            return Open(first == (byte)'[');
        }

        JsonToken token;
        if (first == (byte)'"')
        {
            token = ReadText(escapes: true) ? JsonToken.Text : JsonToken.Error;
        }
        else if (first == (byte)'t')
        {
            token = ReadWord("true") ? JsonToken.True : JsonToken.Error;
        }
        else if (first == (byte)'f')
        {
            token = ReadWord("false") ? JsonToken.False : JsonToken.Error;
        }
        else if (first == (byte)'n')
        {
            token = ReadWord("null") ? JsonToken.Null : JsonToken.Error;
        }
        else
        {
            token = ReadInteger() ? JsonToken.Integer : JsonToken.Error;
        }

        if (token == JsonToken.Error)
        {
            return Fail();
        }

        _ended = _depth == 0;
        Depth = _depth;
        return token;
    }

    private JsonToken Open(bool array)
    {
        if (_depth == MaxDepth)
        {
            return Fail();
        }

        Start = _at;
        Length = 0;
        Depth = _depth;
        _depth++;
        _begin[_depth] = _at;
        _array[_depth] = array;
        _index[_depth] = -1;
        _at++;
        return array ? JsonToken.ArrayBegin : JsonToken.ObjectBegin;
    }

    private JsonToken Close(JsonToken token)
    {
        _at++;
        Start = _begin[_depth];
        Length = _at - Start;
        _depth--;
        Depth = _depth;
        _ended = _depth == 0;
        return token;
    }

    private JsonToken Fail()
    {
        _ended = true;
        _at = -1;
        _end = 0;
        return JsonToken.Error;
    }

    /// <summary>A name, above the one before it in the same object, and its colon.</summary>
    private bool ReadName()
    {
        int before = _nameStart[_depth];
        int beforeLength = _nameLength[_depth];
        if (_at >= _end || _b[_at] != (byte)'"' || !ReadText(escapes: false) || _at >= _end || _b[_at] != (byte)':')
        {
            return false;
        }

        _at++;
        if (_index[_depth] > 0 && !Precedes(before, beforeLength, Start, Length))
        {
            return false;
        }

        _nameStart[_depth] = Start;
        _nameLength[_depth] = Length;
        return true;
    }

    private bool ReadText(bool escapes)
    {
        byte[] b = _b;
        int at = _at + 1;
        Start = at;
        while (at < _end)
        {
            byte c = b[at];
            if (c == (byte)'"')
            {
                Length = at - Start;
                _at = at + 1;
                return true;
            }

            if (c < 0x20)
            {
                return false;
            }

            if (c == (byte)'\\')
            {
                at++;
                if (!escapes || at == _end || (b[at] != (byte)'"' && b[at] != (byte)'\\'))
                {
                    return false;
                }
            }

            at++;
        }

        return false;
    }

    private bool ReadWord(string word)
    {
        if (_end - _at < word.Length || !Same(_at, word.Length, word))
        {
            return false;
        }

        _at += word.Length;
        return true;
    }

    private bool ReadInteger()
    {
        bool negative = _b[_at] == (byte)'-';
        int at = negative ? _at + 1 : _at;
        int first = at;
        long value = 0;
        while (at < _end && _b[at] >= (byte)'0' && _b[at] <= (byte)'9')
        {
            value = (10 * value) + (_b[at] - (byte)'0');
            at++;
            if (at - first > MostDigits)
            {
                return false;
            }
        }

        if (at == first || (_b[first] == (byte)'0' && (at - first > 1 || negative)))
        {
            return false;
        }

        Value = negative ? -value : value;
        _at = at;
        return true;
    }

    private bool Same(int start, int length, string text)
    {
        if (length != text.Length)
        {
            return false;
        }

        for (int i = 0; i < length; i++)
        {
            if (_b[start + i] != text[i])
            {
                return false;
            }
        }

        return true;
    }

    private bool Precedes(int a, int aLength, int b, int bLength)
    {
        int shared = aLength < bLength ? aLength : bLength;
        for (int i = 0; i < shared; i++)
        {
            if (_b[a + i] != _b[b + i])
            {
                return _b[a + i] < _b[b + i];
            }
        }

        return aLength < bLength;
    }
}
