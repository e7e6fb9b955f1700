using EdgeSensors.Firmware.Json;

namespace EdgeSensors.Firmware.Select;

/// <summary>
/// Reads a collection authorisation (docs/protocol.md, "Documents"), some tokens a step. Everything in it is checked and an unknown member refused. A
/// tap knows no table of domestic prefixes: on a carrier's network it may therefore select nothing, and counts the total only (wall 3).
/// </summary>
internal sealed class AuthorizationReader
{
    /// <summary>Octets of the sealed pseudonym key and its tag.</summary>
    public const int SealedSize = 48;

    /// <summary>Octets of the encapsulated key.</summary>
    public const int EncapsulatedSize = 32;

    private const int TokensAStep = 24;
    private const int MaxId = 63;

    private static readonly string[] Members =
    {
        "basis", "directions", "id", "k", "level", "network", "not_after", "not_before", "operator", "own_prefixes", "pseudonym_key", "selectors", "sensor",
        "spec", "type",
    };

    private static readonly string[] DirectionNames = { "inbound", "outbound", "transit", "internal" };

    private readonly JsonReader _json = new JsonReader();
    private readonly PrefixText _prefix = new PrefixText();
    private readonly ulong[] _prefixHigh = new ulong[Authority.MaxPrefixes];
    private readonly ulong[] _prefixLow = new ulong[Authority.MaxPrefixes];
    private readonly int[] _prefixLength = new int[Authority.MaxPrefixes];
    private byte[] _b = { };
    private string _operator = "";
    private string _sensor = "";
    private int _members;
    private int _keyMembers;
    private int _prefixes;
    private int _directions;
    private bool _good;

    /// <summary>The id.</summary>
    public string Id { get; private set; } = "";

    /// <summary>Unix milliseconds from which it holds.</summary>
    public long NotBefore { get; private set; }

    /// <summary>Unix milliseconds from which it holds no longer.</summary>
    public long NotAfter { get; private set; }

    /// <summary>0 broad, 1 concern, 2 targeted.</summary>
    public int Level { get; private set; }

    /// <summary>Whether it rests on the owner's consent, which the button takes back.</summary>
    public bool IsConsent { get; private set; }

    /// <summary>Whether the network is the owner's own.</summary>
    public bool IsOwner { get; private set; }

    /// <summary>Whether there is a sealed key.</summary>
    public bool HasKey => _keyMembers == 3;

    /// <summary>The encapsulated key.</summary>
    public byte[] Encapsulated { get; } = new byte[EncapsulatedSize];

    /// <summary>The sealed pseudonym key.</summary>
    public byte[] Sealed { get; } = new byte[SealedSize];

    /// <summary>Begins to read the authorisation of one sensor.</summary>
    public void Begin(byte[] buffer, int length, string @operator, string sensor)
    {
        _b = buffer;
        _operator = @operator;
        _sensor = sensor;
        _json.Begin(buffer, 0, length);
        _members = 0;
        _keyMembers = 0;
        _prefixes = 0;
        _directions = 0;
        _good = true;
    }

    /// <summary>Reads on. True at the end, and then <paramref name="good"/> says whether it is one.</summary>
    public bool Step(out bool good)
    {
        for (int i = 0; i < TokensAStep; i++)
        {
            JsonToken token = _json.Next();
            if (token == JsonToken.End)
            {
                good = IsComplete();
                return true;
            }

            if (token != JsonToken.Error)
            {
                Read(token);
            }

            if (token == JsonToken.Error || !_good)
            {
                good = false;
                return true;
            }
        }

        good = false;
        return false;
    }

    /// <summary>Puts what was read in force.</summary>
    public void Grant(Authority authority)
    {
        authority.Grant(Id, NotBefore, NotAfter, IsOwner ? _directions : 0, IsOwner && Level > 0);
        authority.Level = Level;
        for (int i = 0; i < _prefixes; i++)
        {
            authority.TryAddPrefix(_prefixHigh[i], _prefixLow[i], _prefixLength[i]);
        }
    }

    private bool IsComplete()
    {
        const int PseudonymKey = 1 << 10;
        return (_members | PseudonymKey) == (1 << Members.Length) - 1 && NotAfter > NotBefore && _directions != 0 && _prefixes > 0
            && ((_members & PseudonymKey) == 0 ? Level == 0 : HasKey);
    }

    private void Read(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 0)
        {
            _good = token == JsonToken.ObjectBegin || token == JsonToken.ObjectEnd;
            return;
        }

        int member = 0;
        while (member < Members.Length && !j.NameIs(1, Members[member]))
        {
            member++;
        }

        if (member == Members.Length)
        {
            _good = false;
            return;
        }

        _members |= 1 << member;
        switch (member)
        {
            case 0: _good = token == JsonToken.Text && (j.TextIs("consent") || j.TextIs("authorization")); IsConsent = j.TextIs("consent"); break;
            case 1: ReadDirection(token); break;
            case 2: ReadId(token); break;
            case 3: _good = token == JsonToken.Integer && j.Value >= 1 && j.Value <= 1_000_000; break;
            case 4: ReadLevel(token); break;
            case 5: _good = token == JsonToken.Text && (j.TextIs("owner") || j.TextIs("carrier")); IsOwner = j.TextIs("owner"); break;
            case 6: NotAfter = ReadTime(token); break;
            case 7: NotBefore = ReadTime(token); break;
            case 8: _good = token == JsonToken.Text && j.TextIs(_operator); break;
            case 9: ReadPrefix(token); break;
            case 10: ReadKey(token); break;
            case 11: _good = j.Depth > 1 || token == JsonToken.ArrayBegin || token == JsonToken.ArrayEnd; break; // a tap has no use for selectors
            case 12: _good = token == JsonToken.Text && j.TextIs(_sensor); break;
            case 13: _good = token == JsonToken.Integer && j.Value == 1; break;
            default: _good = token == JsonToken.Text && j.TextIs("collection-authorization"); break;
        }
    }

    private void ReadDirection(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 1)
        {
            _good = token == JsonToken.ArrayBegin || token == JsonToken.ArrayEnd;
            return;
        }

        for (int i = 0; i < DirectionNames.Length; i++)
        {
            if (token == JsonToken.Text && j.TextIs(DirectionNames[i]) && (_directions & (1 << i)) == 0)
            {
                _directions |= 1 << i;
                return;
            }
        }

        _good = false;
    }

    private void ReadId(JsonToken token)
    {
        JsonReader j = _json;
        _good = token == JsonToken.Text && j.Length >= 1 && j.Length <= MaxId;
        for (int i = 0; _good && i < j.Length; i++)
        {
            byte c = _b[j.Start + i];
            _good = (c >= (byte)'a' && c <= (byte)'z') || (c >= (byte)'0' && c <= (byte)'9') || c == (byte)'-';
        }

        Id = _good ? j.Text() : "";
    }

    private void ReadLevel(JsonToken token)
    {
        JsonReader j = _json;
        Level = j.TextIs("broad") ? 0 : j.TextIs("concern") ? 1 : j.TextIs("targeted") ? 2 : -1;
        _good = token == JsonToken.Text && Level >= 0;
    }

    private long ReadTime(JsonToken token)
    {
        _good = token == JsonToken.Integer && _json.Value >= 0;
        return _json.Value;
    }

    private void ReadPrefix(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 1)
        {
            _good = token == JsonToken.ArrayBegin || token == JsonToken.ArrayEnd;
            return;
        }

        _good = token == JsonToken.Text && _prefixes < Authority.MaxPrefixes && _prefix.TryParse(_b, j.Start, j.Length);
        if (_good)
        {
            _prefixHigh[_prefixes] = _prefix.High;
            _prefixLow[_prefixes] = _prefix.Low;
            _prefixLength[_prefixes] = _prefix.Length;
            _prefixes++;
        }
    }

    private void ReadKey(JsonToken token)
    {
        JsonReader j = _json;
        if (j.Depth == 1)
        {
            _good = token == JsonToken.ObjectBegin || token == JsonToken.ObjectEnd;
        }
        else if (j.NameIs(2, "enc"))
        {
            _good = token == JsonToken.Text && Base64.TryRead(_b, j.Start, j.Length, Encapsulated);
            _keyMembers |= 1;
        }
        else
        {
            _good = token == JsonToken.Text && j.NameIs(2, "ciphertext") && Base64.TryRead(_b, j.Start, j.Length, Sealed);
            _keyMembers |= 2;
        }
    }
}
