using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace EdgeSensors.Trust.Json;

/// <summary>
/// Writes OLPC canonical JSON (http://wiki.laptop.org/go/Canonical_JSON): no white space, members sorted by code point, integers only,
/// and in strings only <c>"</c> and <c>\</c> escaped. Members must be written in order; one out of order is a bug and throws.
/// </summary>
internal sealed class CanonicalJsonWriter
{
    private readonly ArrayBufferWriter<byte> _output = new(512);
    private readonly Stack<byte[]?> _lastMember = new(); // per open object; null in an array
    private bool _separate; // the next value or member follows another one

    public ReadOnlyMemory<byte> Written => _output.WrittenMemory;

    public byte[] ToArray() => _output.WrittenSpan.ToArray();

    public void BeginObject()
    {
        BeginValue((byte)'{');
        _lastMember.Push([]);
        _separate = false;
    }

    public void EndObject() => End((byte)'}');

    public void BeginArray()
    {
        BeginValue((byte)'[');
        _lastMember.Push(null);
        _separate = false;
    }

    public void EndArray() => End((byte)']');

    public void Member(string name) => Member(Encoding.UTF8.GetBytes(name));

    public void Member(byte[] utf8Name)
    {
        var last = _lastMember.Pop() ?? throw new InvalidOperationException("A member outside an object.");
        if (_separate)
        {
            // UTF-8 keeps code point order, so bytes compare as the characters do.
            if (last.AsSpan().SequenceCompareTo(utf8Name) >= 0)
            {
                throw new InvalidOperationException($"Member '{Encoding.UTF8.GetString(utf8Name)}' is out of canonical order.");
            }

            Put((byte)',');
        }

        _lastMember.Push(utf8Name);
        Quoted(utf8Name);
        Put((byte)':');
        _separate = false;
    }

    public void String(string name, string value)
    {
        Member(name);
        String(value);
    }

    public void Integer(string name, long value)
    {
        Member(name);
        Integer(value);
    }

    public void Boolean(string name, bool value)
    {
        Member(name);
        Boolean(value);
    }

    /// <summary>A member that is an array of texts.</summary>
    public void Strings<T>(string name, IEnumerable<T> items)
    {
        Member(name);
        BeginArray();
        foreach (var item in items)
        {
            String(item?.ToString() ?? "");
        }

        EndArray();
    }

    public void String(string value) => String(Encoding.UTF8.GetBytes(value));

    public void String(ReadOnlySpan<byte> utf8)
    {
        Separate();
        Quoted(utf8);
    }

    public void Integer(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, _output.GetSpan(20), out var written);
        _output.Advance(written);
    }

    public void Boolean(bool value) => Raw(value ? "true"u8 : "false"u8);

    /// <summary>Writes text that is canonical already: a whole value, or an integer of any size.</summary>
    public void Raw(ReadOnlySpan<byte> canonical)
    {
        Separate();
        _output.Write(canonical);
    }

    private void BeginValue(byte bracket)
    {
        Separate();
        Put(bracket);
    }

    private void End(byte bracket)
    {
        _lastMember.Pop();
        Put(bracket);
        _separate = true;
    }

    private void Separate()
    {
        if (_separate)
        {
            Put((byte)',');
        }

        _separate = true;
    }

    private void Quoted(ReadOnlySpan<byte> utf8)
    {
        Put((byte)'"');
        while (utf8.IndexOfAny((byte)'"', (byte)'\\') is >= 0 and var at)
        {
            _output.Write(utf8[..at]);
            Put((byte)'\\');
            Put(utf8[at]);
            utf8 = utf8[(at + 1)..];
        }

        _output.Write(utf8);
        Put((byte)'"');
    }

    private void Put(byte value)
    {
        _output.GetSpan(1)[0] = value;
        _output.Advance(1);
    }
}
